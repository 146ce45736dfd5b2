"""Rows that change are found by bisection in sorted keys; keys in another order write nothing wrong."""

import random
from datetime import timedelta
from uuid import UUID

import pytest

from box_office import sql
from holdfast.application.booking.batching.write import closure_of
from holdfast.domain.booking.commands import Cancel, Reserve
from holdfast.domain.booking.decide import decide
from holdfast.infrastructure.postgres.booking.batch_arguments import (
    expected_counts,
    new_hold_arguments,
    store_arguments,
)
from holdfast.infrastructure.postgres.booking.batch_queries import BATCH
from holdfast.infrastructure.postgres.booking.batch_store import load
from holdfast.infrastructure.postgres.booking.store_queries import STORE
from holdfast.infrastructure.postgres.driver.connection import Timeouts, connect

EVENTS = [UUID(int=number) for number in (3, 1, 2)]
SEATS_EACH = 12
HOLD = timedelta(minutes=15)
FILL = """
INSERT INTO events (id, name, description, venue, start_at, end_at, total_seats, created_at, updated_at, available)
SELECT id, 'Event', '', '', now() + '1 day', now() + '1 day', 50, now(), now(), 12 FROM unnest($1::uuid[]) AS e (id)
"""
SEATS = """
INSERT INTO seats (id, event_id, seat_number, price, position)
SELECT md5(id || '-' || s)::uuid, id, 'S-' || s, 100, s FROM unnest($1::uuid[]) AS e (id), generate_series(1, 12) AS s
"""


@pytest.fixture
async def connection(database_url):
    await sql(database_url, FILL, EVENTS)
    await sql(database_url, SEATS, EVENTS)
    connection = await connect(database_url, application_name="test", timeouts=Timeouts())
    yield connection
    await connection.close()


async def held(connection):
    """Hold all seats of all events, one each, in one statement; what was stored, by event."""
    batches, wishes = [], {}
    for event_id in EVENTS:
        seats = [row["id"] for row in await connection.fetch("SELECT id FROM seats WHERE event_id = $1", event_id)]
        wishes[event_id] = [
            Reserve.wish(
                reservation_id=UUID(int=random.Random(f"{seat}").getrandbits(128)),
                event_id=event_id,
                user_id="ann",
                idempotency_key=f"{seat}",
                seat_ids=(seat,),
            )
            for seat in seats
        ]
        snapshot, now = await load(connection, BATCH, event_id, closure_of(wishes[event_id], overdue_max=0))
        batches.append(decide(snapshot, wishes[event_id], now, hold=HOLD).changes)
    row = await STORE.store_new_holds(new_hold_arguments(batches, now)).fetchrow(connection)
    assert dict(row) == expected_counts(*batches)
    return wishes


async def test_each_row_gets_its_own_values(connection):
    wishes = await held(connection)
    versions = await connection.fetch("SELECT version, reserved FROM events")
    assert {tuple(row) for row in versions} == {(SEATS_EACH, SEATS_EACH)}
    event_id = EVENTS[0]
    cancels = [Cancel(wish.reservation_id, "ann") for wish in wishes[event_id]]
    snapshot, now = await load(connection, BATCH, event_id, closure_of(cancels, overdue_max=0))
    changes = decide(snapshot, cancels, now, hold=HOLD).changes
    row = await STORE.store_batch(store_arguments(changes, now)).fetchrow(connection)
    assert dict(row) == expected_counts(changes)
    stored = await connection.fetch("SELECT id, changed_version FROM reservations WHERE event_id = $1", event_id)
    assert {tuple(row) for row in stored} == {(after.id, after.changed_version) for _, after in changes.changed}


async def test_keys_that_are_not_sorted_are_refused_by_the_guards(connection):
    wishes = await held(connection)
    cancels = [Cancel(wish.reservation_id, "ann") for wish in wishes[EVENTS[0]]]
    snapshot, now = await load(connection, BATCH, EVENTS[0], closure_of(cancels, overdue_max=0))
    changes = decide(snapshot, cancels, now, hold=HOLD).changes
    given = store_arguments(changes, now)
    backwards = {
        name: values[::-1] if name.startswith(("changed_", "freed_")) else values for name, values in given.items()
    }
    row = await STORE.store_batch(backwards).fetchrow(connection)
    assert row["changed"] < len(changes.changed)
    assert row["claims_removed"] < len(changes.claims_removed)
    stored = await connection.fetch("SELECT id, changed_version FROM reservations WHERE status = 'cancelled'")
    assert {tuple(row) for row in stored} <= {(after.id, after.changed_version) for _, after in changes.changed}
