"""Of several auditors of one database, one audits, and another takes over from it."""

import asyncio

import pytest

from box_office import open_engine, put_on_sale
from holdfast.infrastructure.postgres.upkeep.auditor import PostgresAuditor


@pytest.fixture
async def engine(database_url):
    async with open_engine(database_url) as engine:
        yield engine


async def test_one_of_several_leads_and_another_takes_over(database_url, engine):
    await put_on_sale(engine)
    first, second = PostgresAuditor(database_url), PostgresAuditor(database_url)
    try:
        assert await first.audit() is not None
        assert await second.audit() is None
        assert await first.audit() is not None
        await first.close()
        assert await _until_it_leads(second)
        assert await first.audit() is None
    finally:
        await first.close()
        await second.close()


async def _until_it_leads(auditor):
    for _ in range(100):
        if await auditor.audit() is not None:
            return True
        await asyncio.sleep(0.05)
    return False
