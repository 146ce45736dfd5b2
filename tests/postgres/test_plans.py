"""The hot statements find everything by indexes, in empty tables and in full ones, with or without statistics."""

import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from box_office import sql
from holdfast.application.booking.batching.write import closure_of
from holdfast.application.booking.ports import Closure
from holdfast.domain.booking.commands import Expire, Reserve
from holdfast.domain.booking.decide import decide
from holdfast.infrastructure.postgres.booking.batch_arguments import load_arguments, new_hold_arguments, store_arguments
from holdfast.infrastructure.postgres.booking.batch_queries import BATCH
from holdfast.infrastructure.postgres.booking.batch_store import load
from holdfast.infrastructure.postgres.booking.store_queries import STORE
from holdfast.infrastructure.postgres.driver.connection import Timeouts, connect
from holdfast.infrastructure.postgres.driver.queries import load_queries

EVENT = UUID(int=1)
COUNTERS = ("available", "reserved", "confirmed", "pending_reservations", "confirmed_reservations")
TABLES = {"events", "seats", "claims", "reservations", "changes", "channels", "channel_seats", "categories", "halls"}

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


@pytest.fixture
async def connection(filled_url):
    connection = await connect(filled_url, application_name="test", timeouts=Timeouts())
    yield connection
    await connection.close()


LOOKED_UP_BY = {
    "events_pkey": ("(id = ",),
    "seats_pkey": ("(id = ", "(event_id = "),
    "claims_pkey": ("(seat_id = ", "(event_id = "),
    "reservations_pkey": ("(id = ",),
    "channels_pkey": ("(event_id = ",),
    "channel_seats_pkey": ("(seat_id = ", "(event_id = "),
    "channel_seats_channel_idx": ("(event_id = ", "(channel_key = "),
    "categories_pkey": ("(event_id = ",),
    "halls_pkey": ("(event_id = ",),
    "changes_pkey": ("(event_id = ", "(version "),
    "changes_of_holds_idx": ("(reservation_id = ", "(detail = "),
    "reservations_of_buyer_idx": ("(event_id = ", "(user_id = "),
    "reservations_of_event_idx": ("(event_id = ", "(status = ", "(created_version < "),
    "reservations_user_idx": ("(user_id)::text = ",),
    "events_upcoming_idx": ("ROW(start_at, id) > ",),
    "reservations_idempotency_key": ("(idempotency_key = ", "(user_id = ", "(event_id = "),
}
"""What a look-up by each index must compare: with less it goes through all rows of an event, or of everybody."""
OF_LISTS = {
    "reservations_of_event_idx",
    "reservations_user_idx",
    "channel_seats_channel_idx",
    "halls_pkey",
    "events_upcoming_idx",
}
"""Indexes that the load of a batch may not use: it would go through all rows of an event, or of a user."""


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


@pytest.fixture(params=["empty", "full", "full and analyzed"])
async def filled_url(request, database_url):
    if request.param != "empty":
        await sql(database_url, "ALTER TABLE events SET (autovacuum_enabled = off)")
        await sql(database_url, FULL)
    if request.param == "full and analyzed":
        await sql(database_url, "ANALYZE")
    return database_url


HOT = [
    ("booking/batch", "lock_event"),
    ("booking/batch", "lock_event_unless_locked"),
    ("booking/batch", "event_exists"),
    ("booking/batch", "locked_version"),
    ("booking/batch", "lock_idle_events"),
    ("booking/batch", "log_from"),
    ("booking/batch", "load_batch"),
    ("booking/store", "store_new_holds"),
    ("booking/store", "store_batch"),
    ("booking/store", "store_channels"),
    ("booking/batch", "reservation_owners"),
    ("booking/batch", "overdue_events"),
    ("booking/seating", "event_of_seats"),
    ("booking/seating", "seats_of_channels"),
    ("booking/seating", "seats_to_choose"),
    ("catalogue/catalogue", "cancel_holds_of_deleted_event"),
    ("catalogue/catalogue", "event_after_lock"),
    ("catalogue/halls", "categories"),
    ("catalogue/halls", "used_categories"),
    ("catalogue/halls", "was_ever_held"),
    ("catalogue/halls", "stored_seats"),
    ("reading/halls", "categories"),
    ("reading/reads", "events_of"),
    ("reading/halls", "hall"),
    ("reading/layouts", "event"),
    ("reading/layouts", "seats"),
    ("reading/seat_maps", "freshness"),
    ("reading/seat_maps", "load_maps"),
    ("reading/seat_maps", "added_seats"),
    ("reading/seat_maps", "list_page"),
    ("reading/seat_maps", "positions"),
    ("reading/seat_maps", "mark"),
    ("reading/storefront", "upcoming"),
    ("reading/storefront", "on_sale"),
    ("reading/storefront", "booked"),
    ("reading/storefront", "booked_events"),
    ("reading/storefront", "live_at"),
    ("reports/reservations", "event_on_report"),
    ("reports/reservations", "mark_of_event"),
    ("reports/reservations", "place_of_reservation"),
    ("reports/reservations", "reservations_of_event"),
    ("reports/reservations", "reservations_of_user_in_event"),
    ("reports/sales", "sums_of_log"),
    ("tickets/tickets", "seats_of_tickets"),
]


LISTS_EVENTS = {"events_newest_idx", "events_published_idx", "events_drafts_idx", "events_pkey"}
"""The first only in a branch for those who see all drafts."""

INDEXES = [
    ("booking/batch", "overdue_events", {"reservations_pending_idx", "channels_due_idx"}),
    ("booking/batch", "log_from", {"changes_pkey"}),
    ("booking/batch", "load_batch", {*LOOKED_UP_BY, "reservations_pending_idx"} - OF_LISTS),
    ("booking/store", "store_channels", {"channels_pkey", "channel_seats_channel_idx", "claims_pkey"}),
    ("booking/store", "store_new_holds", {"events_pkey"}),
    ("booking/store", "store_batch", {"events_pkey", "reservations_pkey", "claims_pkey"}),
    ("catalogue/catalogue", "cancel_holds_of_deleted_event", {"reservations_pending_idx", "claims_pkey"}),
    ("reading/reads", "events", LISTS_EVENTS),
    ("reading/reads", "event_stamps", LISTS_EVENTS),
    ("reading/reads", "reservations", {"reservations_user_idx"}),
    ("reading/seat_maps", "list_page", {"seats_number_key", "categories_pkey"}),
    ("reading/storefront", "upcoming", {"events_upcoming_idx", "categories_pkey", "channels_pkey"}),
    ("reading/storefront", "on_sale", {"events_pkey", "categories_pkey", "channels_pkey"}),
    ("reading/storefront", "live_at", {"reservations_of_buyer_idx"}),
    (
        "reports/reservations",
        "reservations_of_event",
        {"reservations_of_event_idx", "reservations_pending_idx", "seats_pkey"},
    ),
    ("reports/reservations", "reservations_of_user_in_event", {"reservations_user_idx", "seats_pkey"}),
    ("tickets/tickets", "seats_of_tickets", {"seats_pkey"}),
]


async def test_hot_statements_look_up_each_row_by_its_whole_key(connection):
    """Plans are kept, so one made on empty tables must be good on full ones."""
    for file_name, name in HOT:
        nodes = await nodes_of(connection, file_name, name, await arguments_of(connection, name))
        assert nodes, f"{name}: nothing was planned"
        allowed = {"Index Scan", "Index Only Scan", "Bitmap Heap Scan"}
        for node in nodes:
            told = f"{name}: {node['Node Type']} on {node['Relation Name']}: {node.get('Index Cond')}"
            assert node["Node Type"] in allowed, told
            assert node["Index Name"], told
            for compared in LOOKED_UP_BY.get(node.get("Index Name"), ()):
                assert compared in node["Index Cond"], told

    for file_name, name, indexes in INDEXES:
        nodes = await nodes_of(connection, file_name, name, await arguments_of(connection, name))
        found = {"categories_pkey" if node["Index Name"] == "categories_key" else node["Index Name"] for node in nodes}
        assert found == indexes, name  # both indexes of categories begin with the event


async def test_whether_a_hold_is_overdue_is_found_by_its_time(connection):
    """A volatile clock is not compared in an index: every reading would go through all holds of the event."""
    query = load_queries("reading/seat_maps")["freshness"]
    steady = query.sql
    volatile = steady.replace("(SELECT clock_timestamp())", "clock_timestamp()")
    assert volatile != steady
    arguments = query.arguments(await arguments_of(connection, "freshness"))
    for statement, compares in ((steady, True), (volatile, False)):
        nodes = await nodes_of_statement(connection, statement, arguments)
        (holds,) = (node for node in nodes if node["Relation Name"] == "reservations")
        assert ("(expires_at <= " in holds.get("Index Cond", "")) == compares, holds
        if compares:
            assert holds["Index Name"] == "reservations_pending_idx"
