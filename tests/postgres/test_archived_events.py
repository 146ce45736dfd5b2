"""The promises about archived events, each broken once; and the audit while events are archived and restored."""

import random

import pytest

from archiving import archive
from box_office import assert_promises_hold, open_engine, put_on_sale, sql
from holdfast.application.booking.cancel import cancel
from holdfast.application.booking.confirm import confirm
from holdfast.domain.catalogue.refusals import EventArchived
from holdfast.infrastructure.postgres.driver.connection import Timeouts
from holdfast.infrastructure.postgres.upkeep.auditor import PostgresAuditor
from holdfast.infrastructure.postgres.upkeep.invariants import check_invariants
from holdfast.infrastructure.postgres.upkeep.totals import PostgresTotals

IN_FILES, TOLD = "archived_events_are_in_their_files", "archived_reservations_are_told_of"


@pytest.fixture
async def engine(database_url):
    async with open_engine(database_url) as engine:
        yield engine


@pytest.fixture
async def auditor(database_url):
    """An auditor to whom every database is large."""
    auditor = PostgresAuditor(database_url, entries_max=6)
    yield auditor
    await auditor.close()


async def sold(engine, seats=4):
    """Return an event with a sold seat and one that was given back."""
    sale = await put_on_sale(engine, seats=seats)
    bought = await sale.reserve(engine, 0)
    await confirm(engine.booking, reservation_id=bought.reservation.id, user_id="ann")
    left = await sale.reserve(engine, 1)
    await cancel(engine.booking, reservation_id=left.reservation.id, user_id="ann")
    return sale


async def broken(database_url):
    return {result.name for result in await check_invariants(database_url) if not result.holds}


async def broken_in(auditor):
    return {invariant.name for invariant in await auditor.audit() if invariant.violations}


@pytest.mark.parametrize(
    ("damage", "names"),
    [
        (
            """
            INSERT INTO claims (seat_id, event_id, reservation_id, status, expires_at)
            SELECT s.id, $1, r.id, 'confirmed', now() FROM seats s, archived_reservations r LIMIT 1
            """,
            {IN_FILES, "claims_are_reservations"},
        ),
        (
            """
            INSERT INTO reservations (id, event_id, user_id, idempotency_key, fingerprint, seat_ids, status,
                cancel_reason, total_amount, created_at, expires_at, created_version, changed_version, prices)
            SELECT r.id, $1, 'ann', 'k', sha256(''), ARRAY[s.id], 'cancelled', 'user', s.price, now(), now(), 1, 2,
                ARRAY[s.price]
            FROM seats s, archived_reservations r LIMIT 1
            """,
            {IN_FILES, "log_tells_of_reservations"},
        ),
        (
            "INSERT INTO changes (event_id, version, kind, seat_ids, at) VALUES ($1, 1, 'seats_added', '{}', now())",
            {IN_FILES},
        ),
        ("UPDATE events SET confirmed = confirmed + 1, available = available - 1 WHERE id = $1", {IN_FILES}),
        ("UPDATE events SET reserved = 1, available = available - 1 WHERE id = $1", {IN_FILES}),
        ("UPDATE events SET pending_reservations = 1 WHERE id = $1", {IN_FILES}),
        ("UPDATE events SET version = version + 1 WHERE id = $1", {IN_FILES}),
        ("UPDATE archives SET changes = changes - 1 WHERE event_id = $1", {IN_FILES}),
        ("UPDATE archives SET claims = claims - 1 WHERE event_id = $1", {IN_FILES}),
        ("UPDATE archives SET reservations = 0 WHERE event_id = $1", {IN_FILES, TOLD}),
        ("UPDATE archives SET reservations = reservations + 1 WHERE event_id = $1", {TOLD}),
        ("DELETE FROM archives WHERE event_id = $1", {IN_FILES, TOLD}),
        ("UPDATE archives SET restored_at = now() WHERE event_id = $1", {IN_FILES, TOLD}),
        ("DELETE FROM archived_reservations WHERE event_id = $1", {TOLD}),
        ("INSERT INTO archived_reservations VALUES (gen_random_uuid(), gen_random_uuid(), '12345678')", {TOLD}),
    ],
)
@pytest.mark.slow
async def test_each_promise_is_broken_by_what_it_forbids(database_url, engine, damage, names):
    sale = await sold(engine)
    await archive(database_url, sale.event_id)
    await assert_promises_hold(database_url)
    await sql(database_url, damage, *([sale.event_id] if "$1" in damage else []))
    assert await broken(database_url) == names


async def test_the_totals_tell_of_what_is_in_the_database(database_url, engine):
    """The largest sales of the past would otherwise stay the busiest events for ever."""
    sale, other = await sold(engine), await sold(engine)
    archived = await archive(database_url, sale.event_id)
    totals = PostgresTotals(database_url, Timeouts(), application_name="test", slice_events=5)
    try:
        await totals.read()
        found = await totals.read()
        assert (found.confirmed_reservations, [one.event_id for one in found.events]) == (1, [str(other.event_id)])
        await archived.restore()
        assert (await totals.read()).confirmed_reservations == 2
    finally:
        await totals.close()


async def test_an_event_whose_rows_were_lost_is_not_taken_for_an_archived_one(database_url, engine):
    sale = await sold(engine)
    await archive(database_url, sale.event_id)
    await sql(database_url, "UPDATE events SET archived_at = NULL WHERE id = $1", sale.event_id)
    assert {IN_FILES, "counters_count", "versions_without_gaps"} <= await broken(database_url)


@pytest.mark.parametrize("seats", [4, 100])
@pytest.mark.slow
async def test_the_audit_of_a_large_database_finds_what_is_left_of_an_archived_event(
    database_url, engine, auditor, seats
):
    """Whether the event is looked at as a whole, or only its counters because its chart is too large for that."""
    sale, other = await sold(engine, seats=seats), await sold(engine, seats=30)
    await archive(database_url, sale.event_id)
    for _ in range(6):
        assert await broken_in(auditor) == set()
    await sql(database_url, "UPDATE archives SET claims = claims + 1 WHERE event_id = $1", sale.event_id)
    found = set()
    for _ in range(6):
        found |= await broken_in(auditor)
    assert found == {IN_FILES}
    assert other.seats


@pytest.mark.slow
async def test_the_audit_accuses_nobody_while_events_leave_and_come_back(database_url, engine, auditor):
    """New entries are noted first and looked at in later snapshots; by then they may be in an archive."""
    source = random.Random(1)
    sales = [await sold(engine, seats=30) for _ in range(2)]
    away = {}
    for number in range(12):
        sale = source.choice(sales)
        if sale.event_id in away:
            with pytest.raises(EventArchived):
                await sale.reserve(engine, 29)
            await away.pop(sale.event_id).restore()
        else:
            held = await sale.reserve(engine, number + 2, key=f"k{number}")
            await cancel(engine.booking, reservation_id=held.reservation.id, user_id="ann")
            looking = auditor._look_for_new_entries

            async def and_then_archive(connection, looking=looking, sale=sale):
                await looking(connection)
                away[sale.event_id] = await archive(database_url, sale.event_id)

            auditor._look_for_new_entries = and_then_archive
        assert await broken_in(auditor) == set()
        auditor.__dict__.pop("_look_for_new_entries", None)
    for archived in away.values():
        await archived.restore()
    await assert_promises_hold(database_url)
