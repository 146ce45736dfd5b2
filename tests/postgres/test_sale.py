"""The invariant that watches over the times of a sale."""

from datetime import UTC, datetime, timedelta

import pytest

from box_office import an_event, open_engine, put_on_sale, sql
from holdfast.application.catalogue.edit_event import edit_event
from holdfast.infrastructure.postgres.upkeep.invariants import check_invariants

HOUR = timedelta(hours=1)
AS_IF = "UPDATE reservations SET created_at = created_at + $1::interval"
"""As a node would have done whose own clock decided."""


async def broken(database_url):
    return {one.name for one in await check_invariants(database_url) if one.violations}


@pytest.mark.parametrize("off", [-2 * HOUR, 2 * HOUR], ids=["before it opened", "after it closed"])
async def test_a_hold_outside_the_sale_is_found(database_url, off):
    now = datetime.now(UTC)
    async with open_engine(database_url) as engine:
        sale = await put_on_sale(engine, 2, sale_opens_at=now - HOUR, sale_closes_at=now + HOUR)
        await sql(database_url, "UPDATE events SET updated_at = updated_at - interval '9 hours'")
        await sale.reserve(engine, 0)
        assert await broken(database_url) == set()
        await sql(database_url, AS_IF, off)
        assert "holds_are_within_the_sale" in await broken(database_url)


async def test_what_was_held_before_the_times_were_changed_is_no_fault(database_url):
    now = datetime.now(UTC)
    async with open_engine(database_url) as engine:
        sale = await put_on_sale(engine, 2)
        await sale.reserve(engine, 0)
        for times in ({"sale_opens_at": now + HOUR}, {"sale_closes_at": now - HOUR}, {"starts_in": -HOUR}):
            await edit_event(engine.catalogue, sale.event_id, an_event(**times))
            assert await broken(database_url) == set()
