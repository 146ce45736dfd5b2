"""PostgreSQL refuses for reasons of its own, perhaps for long: 503 with the outcome, and service resumes afterwards.

No node needs a restart, and no buyer gets a 500.
"""

import asyncio
import re
from contextlib import asynccontextmanager

import asyncpg
import pytest
from structlog.testing import capture_logs

from box_office import assert_promises_hold, open_engine, outcome_of, put_on_sale, reservations_of, sql
from faults.saboteur import fail
from holdfast.application.upkeep.publish_totals import publish_totals
from holdfast.infrastructure.postgres.driver.connection import Timeouts
from holdfast.infrastructure.postgres.driver.pool import Pool
from holdfast.infrastructure.postgres.upkeep.readiness import PostgresReadiness
from holdfast.infrastructure.postgres.upkeep.totals import PostgresTotals
from holdfast.telemetry.installation import installation

_CUT = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)

STATEMENTS = {
    "a right that was taken away": (
        "REVOKE INSERT ON claims FROM CURRENT_USER",
        "GRANT INSERT ON claims TO CURRENT_USER",
    ),
    "a table that is not there": ("ALTER TABLE claims RENAME TO gone", "ALTER TABLE gone RENAME TO claims"),
    "a column that is not there": (
        "ALTER TABLE claims RENAME COLUMN status TO gone",
        "ALTER TABLE claims RENAME COLUMN gone TO status",
    ),
    "row level security, which hides the events": (
        "ALTER TABLE events ENABLE ROW LEVEL SECURITY; ALTER TABLE events FORCE ROW LEVEL SECURITY",
        "ALTER TABLE events DISABLE ROW LEVEL SECURITY; ALTER TABLE events NO FORCE ROW LEVEL SECURITY",
    ),
}


@asynccontextmanager
async def broken(database_url, break_it, mend_it):
    await sql(database_url, break_it)
    try:
        yield
    finally:
        await sql(database_url, mend_it)


@pytest.mark.parametrize("kind", STATEMENTS)
async def test_a_statement_that_is_refused_is_503_and_mends_itself(database_url, kind):
    async with open_engine(database_url) as engine:
        sale = await put_on_sale(engine, 6)
        with capture_logs() as logs:
            async with broken(database_url, *STATEMENTS[kind]):
                answers = await asyncio.gather(*(outcome_of(sale.reserve(engine, place)) for place in range(5)))
        assert answers == ["none"] * 5
        assert not [entry for entry in logs if entry["log_level"] in ("error", "critical")]
        assert not (await sale.reserve(engine, 5)).replayed
    await assert_promises_hold(database_url)


@pytest.mark.parametrize("sqlstate", ["XX000", "XX001", "28000", "42883", "54000", "0A000", "22P05", "ZZ123"])
@pytest.mark.slow
async def test_what_only_the_surroundings_can_cause_is_tried_again_and_then_503(database_url, sqlstate):
    async with open_engine(database_url) as engine:
        sale = await put_on_sale(engine)
        await fail(database_url, sqlstate=sqlstate, times=2)
        assert not (await sale.reserve(engine, 0)).replayed
        await sql(database_url, "DROP TRIGGER sabotage ON changes; DROP FUNCTION sabotage; DROP SEQUENCE sabotages")
        await fail(database_url, sqlstate=sqlstate, times=10**6)
        assert await outcome_of(sale.reserve(engine, 1)) == "none"
    assert len(await reservations_of(database_url, sale.event_id)) == 1


async def test_one_command_that_meets_a_damaged_page_fails_alone(database_url):
    async with open_engine(database_url) as engine:
        sale = await put_on_sale(engine, 20)
        await fail(database_url, sqlstate="XX001", table="reservations", times=10**6, when="NEW.user_id = 'poison'")
        wishes = [sale.wish(place, user="poison" if place == 7 else "ann") for place in range(20)]
        tasks = [asyncio.create_task(engine.booking.batcher.submit(sale.event_id, wish)) for wish in wishes]
        assert await outcome_of(tasks[7]) == "none"
        await asyncio.gather(*(task for task in tasks if task is not tasks[7]))
    await assert_promises_hold(database_url)


async def test_readiness_tells_of_it(database_url):
    pool = Pool(database_url, size=1, application_name="readiness", timeouts=Timeouts())
    try:
        async with open_engine(database_url) as engine:
            sale = await put_on_sale(engine)
            assert (await PostgresReadiness(pool).server()).state == "ok"
            async with broken(database_url, *STATEMENTS["a right that was taken away"]):
                assert await outcome_of(sale.reserve(engine, 0)) == "none"
            finding = await PostgresReadiness(pool).server()
        assert finding.state == "degraded"
        assert "42501" in finding.detail
    finally:
        await pool.close()


@pytest.fixture
def administrator_url(servers, database_url):
    """The same database as the superuser."""
    return re.sub(r"[^/]+$", database_url.rpartition("/")[2], servers.superuser_url)


CONNECTIONS = {
    "a role that may not log in": ("ALTER ROLE {role} NOLOGIN", "ALTER ROLE {role} LOGIN"),
    "a database that takes no connections": (
        "UPDATE pg_database SET datallowconn = false WHERE datname = current_database()",
        "UPDATE pg_database SET datallowconn = true WHERE datname = current_database()",
    ),
    "a right to connect that was taken away": (
        "REVOKE CONNECT ON DATABASE {name} FROM PUBLIC",
        "GRANT CONNECT ON DATABASE {name} TO PUBLIC",
    ),
    "a password that was changed": ("ALTER ROLE {role} PASSWORD 'another'", "ALTER ROLE {role} PASSWORD 'secret'"),
}


@pytest.fixture
async def role_url(database_url, administrator_url):
    """The database, as a role of this test's own."""
    name = database_url.rpartition("/")[2]
    role = f"role_{name}"
    await sql(
        administrator_url,
        f"CREATE ROLE {role} LOGIN PASSWORD 'secret'; GRANT ALL ON ALL TABLES IN SCHEMA public TO {role};",
    )
    yield re.sub(r"//[^@]+@", f"//{role}:secret@", database_url)
    await sql(administrator_url, f"{_CUT};")
    await sql(administrator_url, f"DROP OWNED BY {role}; DROP ROLE {role}")


@pytest.mark.parametrize("kind", CONNECTIONS)
@pytest.mark.slow
async def test_who_is_let_in_no_more_waits_and_is_served_when_let_in_again(
    database_url, administrator_url, role_url, kind
):
    """A password is rotated: no request gets a 500, and nothing has to be restarted."""
    name = database_url.rpartition("/")[2]
    break_it, mend_it = (text.format(role=f"role_{name}", name=name) for text in CONNECTIONS[kind])
    keeper = await asyncpg.connect(administrator_url)
    totals = asyncio.create_task(publish_totals(PostgresTotals(role_url, Timeouts(), application_name="test-totals")))
    try:
        async with open_engine(database_url) as owner, open_engine(role_url, batch_seconds_max=1.5) as engine:
            sale = await put_on_sale(owner)
            await sale.reserve(engine, 0)
            await keeper.execute(break_it)
            await keeper.execute(f"{_CUT} AND usename = 'role_{name}'")
            with capture_logs() as logs:
                assert await outcome_of(sale.reserve(engine, 1)) == "none"
            assert not [entry for entry in logs if entry["log_level"] == "error"]
            await keeper.execute(mend_it)
            assert not (await sale.reserve(engine, 1)).replayed
            await _published(totals)
    finally:
        await keeper.execute(mend_it)
        await keeper.close()
        totals.cancel()
        await asyncio.gather(totals, return_exceptions=True)


async def _published(totals: asyncio.Task):
    while not list(installation.collect()):
        assert not totals.done(), "totals are read for as long as the process lives"
        await asyncio.sleep(0.02)
