"""Tables for plans, the arguments of statements, and the nodes of their plans."""

import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

from holdfast.application.booking.batching.write import closure_of
from holdfast.application.booking.ports import Closure
from holdfast.domain.booking.commands import Expire, Reserve
from holdfast.domain.booking.decide import decide
from holdfast.infrastructure.postgres.booking.batch_arguments import load_arguments, new_hold_arguments, store_arguments
from holdfast.infrastructure.postgres.booking.batch_queries import BATCH
from holdfast.infrastructure.postgres.booking.batch_store import load
from holdfast.infrastructure.postgres.booking.store_queries import STORE
from holdfast.infrastructure.postgres.driver.queries import load_queries

EVENT = UUID(int=1)
COUNTERS = ("available", "reserved", "confirmed", "pending_reservations", "confirmed_reservations")
TABLES = {
    *("events", "seats", "claims", "reservations", "changes", "channels", "channel_seats", "categories", "halls"),
    "archived_reservations",
}

FULL = """
INSERT INTO events (id, name, description, venue, start_at, end_at, total_seats, created_at, updated_at,
    version, available, reserved, pending_reservations)
SELECT lpad(to_hex(e), 32, '0')::uuid, 'Event', '', '', now() + '1 day', now() + '1 day', 50000, now(), now(),
    1, 0, 50, 50
FROM generate_series(1, 400) AS e;
INSERT INTO seats (id, event_id, seat_number, price, position)
SELECT md5('s' || e || '-' || s)::uuid, lpad(to_hex(e), 32, '0')::uuid, 'S-' || s, 100, s
FROM generate_series(1, 400) AS e, generate_series(1, 100) AS s;
INSERT INTO reservations (id, event_id, user_id, idempotency_key, fingerprint, seat_ids, status, total_amount,
    created_at, expires_at, created_version, changed_version)
SELECT md5('r' || e || '-' || s)::uuid, lpad(to_hex(e), 32, '0')::uuid, 'user-' || s, 'key-' || s, '',
    ARRAY[md5('s' || e || '-' || s)::uuid], 'pending', 100, now(),
    now() + make_interval(secs => CASE WHEN s < 10 THEN -s ELSE 900 END), 1, 1
FROM generate_series(1, 400) AS e, generate_series(1, 50) AS s;
INSERT INTO claims (seat_id, event_id, reservation_id, status, expires_at)
SELECT seat_ids[1], event_id, id, 'reserved', expires_at FROM reservations;
INSERT INTO changes (event_id, version, kind, reservation_id, seat_ids, at)
SELECT event_id, row_number() OVER (PARTITION BY event_id), 'reserved', id, seat_ids, now() FROM reservations;
INSERT INTO channels (event_id, key, name, opens_to_all_at, kept_back)
SELECT lpad(to_hex(e), 32, '0')::uuid, key, key, now() + '1 day', 10
FROM generate_series(1, 100) AS e, unnest(ARRAY['fans', 'house']) AS key;
INSERT INTO channel_seats (seat_id, event_id, channel_key)
SELECT id, event_id, CASE WHEN position < 70 THEN 'fans' ELSE 'house' END FROM seats WHERE position BETWEEN 60 AND 79
"""


async def nodes_of(connection, file_name, name, arguments):
    """The plan's nodes that read one of our tables, as a prepared statement has them."""
    query = load_queries(file_name)[name]
    return await nodes_of_statement(connection, query.sql, query.arguments(arguments))


async def nodes_of_statement(connection, statement, arguments):
    types = (await connection.prepare(statement)).get_parameters()
    await connection.execute(f"PREPARE tried ({', '.join(one.name for one in types)}) AS {statement}")
    literals = ", ".join(await _literals(connection, types, arguments))
    plan = json.loads(await connection.fetchval(f"EXPLAIN (FORMAT JSON) EXECUTE tried ({literals})"))
    await connection.execute("DEALLOCATE tried")
    found = []

    def walk(node):
        if node.get("Relation Name") in TABLES and node["Node Type"] != "ModifyTable":
            if node["Node Type"] == "Bitmap Heap Scan":  # what it looks up stands in the node below it
                node |= {key: node["Plans"][0].get(key) for key in ("Index Name", "Index Cond")}
            found.append(node)
        for child in node.get("Plans", []):
            walk(child)

    walk(plan[0]["Plan"])
    return found


async def _literals(connection, parameters, arguments):
    """SQL's own writing of the arguments, for EXECUTE takes no parameters."""
    return [
        await connection.fetchval(f"SELECT coalesce(quote_literal($1::{parameter.name}::text), 'NULL')", argument)
        for parameter, argument in zip(parameters, arguments, strict=True)
    ]


async def _store_arguments(connection):
    """What the store gets for a batch that touches all kinds of rows."""
    closure = closure_of([Expire(8)], overdue_max=64)
    snapshot, now = await load(connection, BATCH, EVENT, closure)
    if snapshot.event is None:
        rows = {name: [] for name in STORE.store_batch.parameters}
        return {**rows, "event_id": EVENT, "loaded_version": 1, "version": 2, **dict.fromkeys(COUNTERS, 0), "now": now}
    changes = decide(snapshot, [Expire(8)], now, hold=timedelta(minutes=15)).changes
    return store_arguments(changes, now)


async def _new_hold_arguments(connection):
    """What the store gets for a batch of one new hold, where its event has a free seat."""
    seat_id = await connection.fetchval("SELECT md5('s1-99')::uuid")
    wish = Reserve.wish(
        reservation_id=UUID(int=7), event_id=EVENT, user_id="user-1", idempotency_key="new", seat_ids=(seat_id,)
    )
    snapshot, now = await load(connection, BATCH, EVENT, closure_of([wish], overdue_max=0))
    if snapshot.event is None:
        rows = {name: [] for name in STORE.store_new_holds.parameters}
        event = {"event_ids": [EVENT], "loaded_versions": [1], "versions": [2], **{name: [0] for name in COUNTERS}}
        return {**rows, **event, "now": now, "expires_at": now}
    changes = decide(snapshot, [wish], now, hold=timedelta(minutes=15)).changes
    return new_hold_arguments([changes], now)


async def arguments_of(connection, name):
    some = [UUID(int=number) for number in range(1, 33)]
    wanted = Closure(some, [("user-1", f"key-{number}") for number in range(32)], some, 64)
    if name == "store_batch":
        return await _store_arguments(connection)
    if name == "store_new_holds":
        return await _new_hold_arguments(connection)
    stride = {"offset": 0, "span": 2_000, "step": 16}
    arguments = {
        "lock_idle_events": {"event_ids": some},
        "store_channels": {
            "event_id": EVENT,
            "now": datetime.now(UTC),
            "keys": ["fans", "house"],
            "loaded_kept_back": [10, 10],
            "kept_back": [9, 10],
            "opened_versions": [2],
            "opened_keys": ["house"],
            "opened_kept_back": [10],
            "named_max": 10_000,
        },
        "log_from": {"event_id": EVENT, "version": 1, "steps_max": 1_001},
        "load_batch": load_arguments({EVENT: wanted, UUID(int=2): wanted}),
        "overdue_events": {"events_max": 1_000},
        "reservation_owners": {"reservation_ids": some},
        "archived_reservations": {"reservation_ids": some},
        "archived_reservation": {"reservation_id": some[0]},
        "owners_of_archived_reservations": {"reservation_ids": some},
        "used_categories": {"event_id": EVENT, "numbers": [1, 2]},
        "stored_seats": {"event_id": EVENT, "after_number": "", "seats_max": 20},
        "freshness": {"event_ids": some, "known_versions": [1] * len(some), "entries_max": 500},
        "load_maps": {"event_ids": some, "listed": [True] * len(some)},
        "added_seats": {"event_id": EVENT, "first_position": 50, "listed": True},
        "list_page": {"event_id": EVENT, "after_number": "S-2", "seats_max": 20, "chart_seats": 90},
        "positions": {"seat_ids": some, "event_ids": some, "chart_edits": [0] * len(some)},
        "mark": {"event_id": EVENT, "version": 1},
        "events": {"all_drafts": False, "drafts_of": some[:2], "limit": 20, "offset": 0},
        "events_of": {"organiser_ids": some[:2], "limit": 20, "offset": 0},
        "event_stamps": {"all_drafts": False, "drafts_of": some[:2], "limit": 20, "offset": 0},
        "reservations": {"user_id": "user-1", "limit": 20, "offset": 0},
        "event_keys": {"all_drafts": False, "drafts_of": some[:2], **stride},
        "keys_of_events_of": {"organiser_ids": some[:2], **stride},
        "reservation_keys": {"user_id": "user-1", **stride},
        "keys_of_reservations_at": {"organiser_ids": some[:2], "user_id": "user-1", **stride},
        "booked_keys": {"user_ids": ["user-1", "user-2"], **stride},
        "upcoming": {"after_start": None, "after_id": None, "limit": 21},
        "booked": {"user_ids": ["user-1", "user-2"], "limit": 21, "offset": 0},
        "booked_events": {"event_ids": some},
        "live_at": {"event_id": EVENT, "user_ids": ["user-1", "user-2"]},
        "reservations_of_event": {
            "event_id": EVENT,
            "statuses": ["pending", "confirmed", "cancelled"],
            "overdue_as_pending": False,
            "overdue_besides": True,
            "before_version": 40,
            "limit": 20,
        },
        "reservations_of_user_in_event": {
            "event_id": EVENT,
            "user_id": "user-1",
            "statuses": ["pending"],
            "until_version": 40,
            "before_time": datetime.now(UTC),
            "before_id": UUID(int=7),
            "limit": 20,
        },
        "sums_of_log": {"event_id": EVENT, "after_version": 10, "until_version": 20, "by_category": True},
        "place_of_reservation": {"event_id": EVENT, "reservation_id": UUID(int=7)},
        "mark_of_event": {"event_id": EVENT, "version": 1},
        "seats_of_tickets": {"event_id": EVENT, "seat_ids": some[:20]},
        "cancel_holds_of_deleted_event": {"event_id": EVENT, "loaded_version": 1, "now": datetime.now(UTC)},
    }
    return arguments.get(name, {"event_id": EVENT})
