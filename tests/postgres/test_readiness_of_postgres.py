"""What readiness finds of a PostgreSQL that answers."""

import pytest

from box_office import sql
from holdfast.application.lifecycle.readiness import OK
from holdfast.infrastructure.postgres.driver.connection import Timeouts
from holdfast.infrastructure.postgres.driver.pool import Pool
from holdfast.infrastructure.postgres.upkeep.readiness import PostgresReadiness


async def test_a_database_without_a_schema_says_what_to_do(empty_database_url):
    pool = Pool(empty_database_url, size=1, application_name="readiness", timeouts=Timeouts())
    try:
        finding = await PostgresReadiness(pool).schema()
    finally:
        await pool.close()
    assert finding.state == "failed"
    assert "holdfast migrate up" in finding.detail


@pytest.mark.parametrize("setting", ["default_transaction_read_only = on", "search_path = nowhere"])
async def test_a_setting_of_the_database_that_is_reset_is_found_no_longer(database_url, setting):
    """A session keeps the settings that it began with: a look that stayed with its own would find them for ever."""
    database = database_url.rpartition("/")[2]
    await sql(database_url, f'ALTER DATABASE "{database}" SET {setting}')
    pool = Pool(database_url, size=1, application_name="readiness", timeouts=Timeouts())
    readiness = PostgresReadiness(pool)
    look = readiness.schema if "search_path" in setting else readiness.server
    try:
        assert (await look()).state == "failed"
        await sql(database_url, f'BEGIN READ WRITE; ALTER DATABASE "{database}" RESET ALL; COMMIT')
        assert await look() == OK
    finally:
        await pool.close()
