"""The audit of a database too large to be checked whole: nothing sound is accused, and what is broken is found."""

import random
from contextlib import suppress

import pytest

from box_office import open_desk, put_on_sale, sql
from holdfast.application.cancel import cancel
from holdfast.application.confirm import confirm
from holdfast.application.delete_event import delete_event
from holdfast.domain.errors import Refusal
from holdfast.infrastructure.postgres.auditor import PostgresAuditor

_AUDITS_MAX = 40
"""A sweep comes round within so many audits here."""


async def _broken(auditor):
    return {invariant.name for invariant in await auditor.audit() if invariant.violations}


async def _write(desk, sale, source, number):
    done = None
    with suppress(Refusal):
        done = await sale.reserve(desk, *source.sample(range(30), 2), key=f"k{number}")
    if done is not None and source.random() < 0.8:
        verb = confirm if source.random() < 0.1 else cancel
        with suppress(Refusal):
            await verb(desk, reservation_id=done.reservation.id, user_id="ann")


@pytest.fixture
async def desk(database_url):
    async with open_desk(database_url) as desk:
        yield desk


async def test_it_accuses_nobody_however_little_it_looks_at(database_url, desk):
    source = random.Random(1)
    sales = [await put_on_sale(desk, seats=30) for _ in range(3)]
    auditor = PostgresAuditor(database_url, entries_max=4)
    for number in range(40):
        for sale in sales:
            await _write(desk, sale, source, number)
        assert await _broken(auditor) == set()
    unsold = await put_on_sale(desk, seats=30)
    await unsold.reserve(desk, 1)
    await delete_event(desk, unsold.event_id)
    for _ in range(_AUDITS_MAX):
        assert await _broken(auditor) == set()


_OF_IT = "WHERE event_id = $1"


@pytest.mark.parametrize(
    "damage",
    [
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
    ],
)
@pytest.mark.parametrize("is_new", [True, False])
async def test_what_is_broken_is_found_and_told_until_it_is_mended(database_url, desk, damage, is_new):
    breaking, mending, name = damage
    busy = await put_on_sale(desk, seats=30)
    for number in range(12):
        await _write(desk, busy, random.Random(number), number)
    small = await put_on_sale(desk, seats=3)
    auditor = PostgresAuditor(database_url, entries_max=6)
    assert await _broken(auditor) == set()
    await small.reserve(desk, 0)
    for _ in range(0 if is_new else _AUDITS_MAX):
        assert await _broken(auditor) == set()
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
