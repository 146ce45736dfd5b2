"""The archiver's statements find everything by indexes, and no more rows than a portion has."""

import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from box_office import sql
from holdfast.infrastructure.postgres.archive.session import ArchiveSession
from holdfast.infrastructure.postgres.driver.queries import load_queries
from holdfast.server_urls.cells import Cell

EVENT = UUID(int=1)
FULL = """
INSERT INTO events (id, name, description, venue, start_at, end_at, total_seats, created_at, updated_at, version,
    available, confirmed, confirmed_reservations)
SELECT lpad(to_hex(e), 32, '0')::uuid, 'Event', '', '', now() - make_interval(days => e),
    now() - make_interval(days => e), 100, now(), now(), 50, 50, 50, 50
FROM generate_series(1, 300) AS e;
INSERT INTO seats (id, event_id, seat_number, price, position)
SELECT md5('s' || e || '-' || s)::uuid, lpad(to_hex(e), 32, '0')::uuid, 'S-' || s, 100, s
FROM generate_series(1, 300) AS e, generate_series(1, 50) AS s;
INSERT INTO reservations (id, event_id, user_id, idempotency_key, fingerprint, seat_ids, status, total_amount,
    created_at, expires_at, confirmed_at, created_version, changed_version)
SELECT md5('r' || e || '-' || s)::uuid, lpad(to_hex(e), 32, '0')::uuid, 'user-' || s, 'key-' || s, '',
    ARRAY[md5('s' || e || '-' || s)::uuid], 'confirmed', 100, now(), now(), now(), s, s
FROM generate_series(1, 300) AS e, generate_series(1, 50) AS s;
INSERT INTO claims SELECT seat_ids[1], event_id, id, 'confirmed', expires_at FROM reservations;
INSERT INTO changes (event_id, version, kind, reservation_id, seat_ids, at)
SELECT event_id, created_version, 'reserved', id, seat_ids, now() FROM reservations
"""
_OF = {"event_id": EVENT, "rows_max": 10}
ARGUMENTS = {
    "due_events": {
        "after": timedelta(days=200),
        "after_finished_at": datetime(1, 1, 1, tzinfo=UTC),
        "after_event_id": UUID(int=0),
        "events_max": 10,
    },
    "event_to_archive": {"event_id": EVENT},
    "count_rows": {"event_id": EVENT},
    "claims_of_seats": {**_OF, "after_seat_number": "S-2"},
    "reservations_of_status": {**_OF, "status": "confirmed", "after_version": 3},
    "changes_after": {**_OF, "after_version": 3, "bytes_max": 1_000_000},
    "remove_claims": {**_OF, "after_seat_number": "S-2"},
    "remove_reservations": {**_OF, "status": "confirmed", "after_version": 3},
    "remove_changes": {**_OF, "after_version": 3},
    "entry_of_event": {"event_id": EVENT},
    "entries_after": {"after_event_id": EVENT, "rows_max": 10},
}
LOOKED_UP_BY = {
    "events_pkey": "(id = ",
    "events_finished_idx": "COALESCE(",
    "seats_number_key": "(event_id = ",
    "claims_pkey": "(seat_id = ",
    "reservations_pkey": "(id = ",
    "reservations_of_event_idx": "(event_id = ",
    "reservations_of_buyer_idx": "(event_id = ",
    "changes_pkey": "(event_id = ",
    "channels_pkey": "(event_id = ",
    "archives_pkey": "(event_id ",
    "channels_due_idx": "(event_id = ",
}
TABLES = {"events", "seats", "claims", "reservations", "changes", "channels", "archives", "archived_reservations"}


@pytest.fixture(params=["empty", "full", "full, without statistics"])
async def connection(request, new_database_url):
    if request.param != "empty":
        await sql(new_database_url, FULL)
    if request.param == "full":
        await sql(new_database_url, "ANALYZE")
    session = ArchiveSession(Cell(0, new_database_url))
    yield await session.connection()
    await session.close()


@pytest.mark.slow
async def test_every_row_is_found_by_its_key(connection):
    for name, given in ARGUMENTS.items():
        query = load_queries("archive/archive")[name]
        nodes = await _nodes(connection, query.sql, query.arguments(given))
        assert nodes, name
        for node in nodes:
            index = node.get("Index Name")
            assert LOOKED_UP_BY.get(index, "-") in node.get("Index Cond", ""), (name, node)


async def _nodes(connection, statement, arguments):
    types = (await connection.prepare(statement)).get_parameters()
    await connection.execute(f"PREPARE tried ({', '.join(one.name for one in types)}) AS {statement}")
    literals = [
        await connection.fetchval(f"SELECT quote_literal($1::{kind.name}::text)", value)
        for kind, value in zip(types, arguments, strict=True)
    ]
    plan = json.loads(await connection.fetchval(f"EXPLAIN (FORMAT JSON) EXECUTE tried ({', '.join(literals)})"))
    await connection.execute("DEALLOCATE tried")
    found = []

    def walk(node):
        if node.get("Relation Name") in TABLES and node["Node Type"] != "ModifyTable":
            if node["Node Type"] == "Bitmap Heap Scan":
                node |= {key: node["Plans"][0].get(key) for key in ("Index Name", "Index Cond")}
            found.append(node)
        for child in node.get("Plans", []):
            walk(child)

    walk(plan[0]["Plan"])
    return found
