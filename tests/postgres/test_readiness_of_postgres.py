"""What readiness finds of a PostgreSQL that answers."""

from holdfast.infrastructure.postgres.connection import Timeouts
from holdfast.infrastructure.postgres.pool import Pool
from holdfast.infrastructure.postgres.readiness import PostgresReadiness


async def test_a_database_without_a_schema_says_what_to_do(empty_database_url):
    pool = Pool(empty_database_url, size=1, application_name="readiness", timeouts=Timeouts())
    try:
        finding = await PostgresReadiness(pool).schema()
    finally:
        await pool.close()
    assert finding.state == "failed"
    assert "holdfast migrate up" in finding.detail
