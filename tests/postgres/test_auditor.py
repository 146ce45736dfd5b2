"""The audit of a database too large to be checked whole: no false alarms, and every violation is found."""

import random
from contextlib import suppress

import pytest

from box_office import open_engine, put_on_sale, sql
from holdfast.application.booking.cancel import cancel
from holdfast.application.booking.change_seats import change_seats
from holdfast.application.booking.confirm import confirm
from holdfast.application.booking.extend import extend
from holdfast.application.catalogue.delete_event import delete_event
from holdfast.domain.refusal import Refusal
from holdfast.infrastructure.postgres.upkeep.auditor import PostgresAuditor
from postgres.planning import FULL

_AUDITS_MAX = 20
"""A sweep comes round within so many audits here."""


async def _broken(auditor):
    return {invariant.name for invariant in await auditor.audit() if invariant.violations}


async def _write(engine, sale, source, number):
    done = None
    with suppress(Refusal):
        done = await sale.reserve(engine, *source.sample(range(30), 2), key=f"k{number}")
    if done is not None and source.random() < 0.5:
        seat_ids = tuple(sale.seats[place] for place in source.sample(range(30), 3))
        hold = {"reservation_id": done.reservation.id, "user_id": "ann"}
        with suppress(Refusal):
            await change_seats(engine.booking, **hold, seat_ids=seat_ids)
        with suppress(Refusal):
            await extend(engine.booking, **hold, known_expires_at=done.reservation.expires_at)
    if done is not None and source.random() < 0.8:
        verb = confirm if source.random() < 0.1 else cancel
        with suppress(Refusal):
            await verb(engine.booking, reservation_id=done.reservation.id, user_id="ann")


@pytest.fixture
async def engine(database_url):
    async with open_engine(database_url) as engine:
        yield engine


@pytest.fixture
async def auditors(database_url):
    """Make auditors that look at so many entries; those before stand down."""
    made = []

    async def make(entries_max, **more):
        for auditor in made:
            await auditor.close()
        made.append(PostgresAuditor(database_url, entries_max=entries_max, **more))
        return made[-1]

    yield make
    for auditor in made:
        await auditor.close()


@pytest.mark.parametrize("entries_max", [4, 60])
@pytest.mark.slow
async def test_it_accuses_nobody_however_little_it_looks_at(engine, auditors, entries_max):
    source = random.Random(1)
    sales = [await put_on_sale(engine, seats=30) for _ in range(3)]
    auditor = await auditors(entries_max, slice_entries=entries_max // 2)
    for number in range(20):
        for sale in sales:
            await _write(engine, sale, source, number)
        assert await _broken(auditor) == set()
    unsold = await put_on_sale(engine, seats=30)
    await unsold.reserve(engine, 1)
    await delete_event(engine.catalogue, unsold.event_id)
    for _ in range(_AUDITS_MAX // 2):
        assert await _broken(auditor) == set()


_OF_IT = "WHERE event_id = $1"


_DAMAGES = [
    (
        "UPDATE events SET reserved = reserved + 1, available = available - 1 WHERE id = $1",
        "UPDATE events SET reserved = reserved - 1, available = available + 1 WHERE id = $1",
        "counters_count",
    ),
    (
        f"UPDATE claims SET status = 'confirmed' {_OF_IT}",
        f"UPDATE claims SET status = 'reserved' {_OF_IT}",
        "claims_are_reservations",
    ),
    (
        f"UPDATE seats SET price = price + 1 {_OF_IT}",
        f"UPDATE seats SET price = price - 1 {_OF_IT}",
        "seats_are_of_their_event",
    ),
    (
        "UPDATE events SET version = version + 1 WHERE id = $1",
        "UPDATE events SET version = version - 1 WHERE id = $1",
        "versions_without_gaps",
    ),
    (
        f"UPDATE changes SET kind = 'expired' {_OF_IT} AND kind = 'reserved'",
        f"UPDATE changes SET kind = 'reserved' {_OF_IT} AND kind = 'expired'",
        "log_tells_of_reservations",
    ),
    (
        f"INSERT INTO changes SELECT gen_random_uuid(), 1, kind, NULL, '{{}}', at FROM changes {_OF_IT} LIMIT 1",
        "DELETE FROM changes c WHERE $1::uuid IS NOT NULL AND event_id NOT IN (SELECT id FROM events)",
        "charts_have_events",
    ),
]
"""What breaks a promise, what mends it, and the promise."""


@pytest.mark.parametrize("damage", _DAMAGES)
@pytest.mark.slow
async def test_what_breaks_something_new_is_told_until_it_is_mended(database_url, engine, auditors, damage):
    small, auditor = await _beside_a_busy_event(engine, auditors)
    await _broken_and_mended(database_url, auditor, small, damage)


@pytest.mark.slow
async def test_what_breaks_something_old_is_found_and_told_until_it_is_mended(database_url, engine, auditors):
    small, auditor = await _beside_a_busy_event(engine, auditors)
    for _ in range(_AUDITS_MAX):
        assert await _broken(auditor) == set()
    for damage in _DAMAGES:
        await _broken_and_mended(database_url, auditor, small, damage)


async def _beside_a_busy_event(engine, auditors):
    busy = await put_on_sale(engine, seats=30)
    for number in range(12):
        await _write(engine, busy, random.Random(number), number)
    small = await put_on_sale(engine, seats=3)
    auditor = await auditors(12)
    assert await _broken(auditor) == set()
    await small.reserve(engine, 0)
    return small, auditor


async def _broken_and_mended(database_url, auditor, small, damage):
    breaking, mending, name = damage
    await sql(database_url, breaking, small.event_id)
    assert await _audits_until(auditor, lambda broken: name in broken)
    if name != "charts_have_events":
        assert name in await _broken(auditor)
    await sql(database_url, mending, small.event_id)
    assert await _audits_until(auditor, lambda broken: not broken)


async def _audits_until(auditor, condition):
    for _ in range(_AUDITS_MAX):
        if condition(await _broken(auditor)):
            return True
    return False


@pytest.mark.parametrize(
    ("stray", "name"),
    [
        (
            "INSERT INTO claims SELECT gen_random_uuid(), event_id, reservation_id, status, expires_at FROM claims",
            "claims_are_reservations",
        ),
        (
            """
            INSERT INTO reservations
            SELECT gen_random_uuid(), event_id, user_id, 'stray', fingerprint, seat_ids, 'cancelled', 'user',
                total_amount, created_at, expires_at, NULL, 1, 1
            FROM reservations LIMIT 1
            """,
            "log_tells_of_reservations",
        ),
        (
            "INSERT INTO seats SELECT gen_random_uuid(), gen_random_uuid(), 'X', NULL, NULL, 1, 1 FROM seats LIMIT 1",
            "charts_have_events",
        ),
    ],
)
@pytest.mark.slow
async def test_rows_that_no_event_leads_to_are_found(database_url, engine, auditors, stray, name):
    sale = await put_on_sale(engine, seats=30)
    for number in range(12):
        await _write(engine, sale, random.Random(number), number)
    await sale.reserve(engine, 29)
    auditor = await auditors(10)
    for _ in range(_AUDITS_MAX):
        assert await _broken(auditor) == set()
    await sql(database_url, stray)
    assert await _audits_until(auditor, lambda broken: name in broken)


@pytest.mark.slow
async def test_a_large_event_is_looked_at_in_slices_and_its_counters_in_the_end(database_url, engine, auditors):
    sale = await put_on_sale(engine, seats=30)
    for number in range(40):
        await _write(engine, sale, random.Random(number), number)
    auditor = await auditors(20, slice_entries=10)
    for _ in range(_AUDITS_MAX):
        assert await _broken(auditor) == set()
    await sql(database_url, "UPDATE events SET reserved = reserved - 1, available = available + 1")
    assert await _audits_until(auditor, lambda broken: broken == {"counters_count"})


async def _audit_all_that_is_new(auditor):
    """More may be new than fits into one audit."""
    await auditor.audit()
    while auditor._waiting:
        await auditor.audit()


@pytest.mark.slow
async def test_entries_in_the_place_of_lost_ones_are_new(database_url, engine, auditors, monkeypatch):
    """Also when the event has come further than the version that was audited before the failover."""
    busy, sale = await put_on_sale(engine, seats=30), await put_on_sale(engine, seats=30)
    for number in range(12):
        await _write(engine, busy, random.Random(number), number)
    auditor = await auditors(20)
    await _audit_all_that_is_new(auditor)
    lost = [await sale.reserve(engine, place) for place in range(3)]
    await _audit_all_that_is_new(auditor)
    assert auditor._audited[sale.event_id] == lost[-1].version == 4
    await sql(
        database_url,
        f"""
        DELETE FROM claims {_OF_SALE.format(sale.event_id)};
        DELETE FROM reservations {_OF_SALE.format(sale.event_id)};
        DELETE FROM changes {_OF_SALE.format(sale.event_id)} AND version > 1;
        UPDATE events SET version = 1, available = 30, reserved = 0, pending_reservations = 0
        WHERE id = '{sale.event_id}'
        """,
    )
    for place in range(4):
        await sale.reserve(engine, place)
    looked_at = []
    windows = auditor._checks.windows

    async def noting(connection, some):
        looked_at.extend(window for window in some if window.event_id == sale.event_id)
        return await windows(connection, some)

    monkeypatch.setattr(auditor._checks, "windows", noting)
    await _audit_all_that_is_new(auditor)
    assert min(window.after for window in looked_at) <= 1
    assert max(window.until for window in looked_at) == 5


_OF_SALE = "WHERE event_id = '{}'"


_SOUND = """
    UPDATE events SET version = 50, available = 50;
    UPDATE changes SET at = at - interval '1 hour';
    UPDATE seats SET position = position - 1;
    UPDATE reservations r SET created_version = c.version, changed_version = c.version
    FROM changes c WHERE c.reservation_id = r.id
"""
"""Make this data valid, because violations are checked again in every audit."""


@pytest.mark.slow
async def test_an_audit_of_a_full_database_reads_no_whole_table(database_url, auditors):
    """Its price is bounded by what one audit may look at, not by what is stored: 400 events, 20,000 reservations."""
    await sql(database_url, f"{FULL}; {_SOUND}")
    await sql(database_url, "VACUUM ANALYZE")
    auditor = await auditors(500)
    await auditor.audit()
    before = await _rows_read(auditor)
    assert await _broken(auditor) == set()
    after = await _rows_read(auditor)
    for table, (whole, looked_up) in after.items():
        assert whole == before[table][0], f"{table} was read as a whole"
        assert looked_up - before[table][1] < 20_000, table


async def _rows_read(auditor):
    """Rows of each table that were read from its beginning to its end, and rows found by an index."""
    await auditor._connection.execute("SELECT pg_stat_force_next_flush()")
    rows = await auditor._connection.fetch(
        "SELECT relname, seq_tup_read, idx_tup_fetch FROM pg_stat_user_tables"
        " WHERE relname IN ('reservations', 'claims', 'seats', 'changes')"
    )
    return {row["relname"]: (row["seq_tup_read"], row["idx_tup_fetch"]) for row in rows}
