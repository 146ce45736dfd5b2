"""A cell on Citus: sessions lead to the node that owns its schema, also after it has moved.

Here it is plain PostgreSQL with tables like those in which Citus says which node that is; `127.0.0.1` and `localhost`
stand for two nodes. `make citus-try` tries a real one.
"""

import socket
from urllib.parse import quote

import asyncpg
import pytest

from box_office import open_engine, put_on_sale
from holdfast.application.failures import ConnectionLost
from holdfast.infrastructure.postgres.driver import owners
from holdfast.infrastructure.postgres.driver.connection import Timeouts, connect
from holdfast.infrastructure.postgres.driver.pool import Pool
from holdfast.infrastructure.postgres.driver.transaction import commit
from holdfast.infrastructure.postgres.migrations.session import connected
from holdfast.server_urls.cells import Cell

_CATALOGUE = """
CREATE TABLE pg_dist_schema AS SELECT 'public'::regnamespace::oid AS schemaid, 7 AS colocationid;
CREATE TABLE pg_dist_partition AS SELECT 'events'::regclass::oid AS logicalrelid, 7 AS colocationid;
CREATE TABLE pg_dist_shard AS SELECT 'events'::regclass::oid AS logicalrelid, 102008 AS shardid;
CREATE TABLE pg_dist_placement AS SELECT 102008 AS shardid, 1 AS groupid;
CREATE TABLE pg_dist_node AS SELECT g AS groupid, name AS nodename, inet_server_port() AS nodeport,
    'primary' AS noderole, true AS isactive
FROM (VALUES (1, '127.0.0.1'), (2, 'localhost')) AS node (g, name);
"""


class Citus:
    """A database that looks like Citus's coordinator."""

    def __init__(self, url: str, connection: asyncpg.Connection) -> None:
        settings = ("search_path=public", "plan_cache_mode=force_custom_plan", "holdfast.citus=on")
        self.url = f"{url}?options={quote(' '.join(f'-c {setting}' for setting in settings))}"
        self.cell = Cell.of(self.url)
        self.connection = connection

    async def move(self, group: int) -> None:
        await self.connection.execute("UPDATE pg_dist_placement SET groupid = $1", group)

    def pool(self) -> Pool:
        return Pool(self.cell, size=2, application_name="test", timeouts=Timeouts())


@pytest.fixture
async def citus(database_url):
    connection = await asyncpg.connect(database_url)
    await connection.execute(_CATALOGUE)
    yield Citus(database_url, connection)
    await connection.close()


def host_of(connection: asyncpg.Connection) -> str:
    return connection._addr[0]


async def _write_in_vain(pool: Pool) -> None:
    async with pool.connection() as connection:
        await connection.execute("BEGIN; UPDATE installation SET finished = '0000'")
        await commit(connection)


async def test_a_session_leads_to_the_node_that_owns_the_schema(citus):
    await citus.move(2)
    connection = await connect(citus.cell, application_name="test", timeouts=Timeouts())
    assert host_of(connection) == "localhost"
    assert await connection.fetchval("SHOW plan_cache_mode") == "force_custom_plan"
    assert await connection.fetchval("SHOW search_path") == "public"
    connection.terminate()


async def test_a_schema_without_tables_is_reached_by_the_coordinator(citus):
    await citus.connection.execute("TRUNCATE pg_dist_partition")
    connection = await owners.connect_to_owner(citus.cell, timeout=5)
    assert host_of(connection) == "127.0.0.1"
    await connection.close()
    assert owners.owner_of(citus.cell) is None


async def test_after_a_move_nothing_is_committed_and_no_session_of_before_is_lent(citus, monkeypatch):
    pool = citus.pool()
    async with pool.connection() as one, pool.connection() as other:
        assert {host_of(one), host_of(other)} == {"127.0.0.1"}
    await citus.move(2)
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(owners, "_WHERE_IT_RUNS", "SELECT pg_backend_pid() + 1")
        with pytest.raises(ConnectionLost, match="moved"):
            await _write_in_vain(pool)
    async with pool.connection() as one, pool.connection() as other:
        assert {host_of(one), host_of(other)} == {"localhost"}
        assert await one.fetchval("SELECT finished FROM installation") != "0000"
        await one.execute("BEGIN")
        await commit(one)
    await pool.close()


async def test_a_sale_during_a_move_is_submitted_again_at_the_new_node(citus, monkeypatch):
    await citus.connection.execute("CREATE SEQUENCE looks")
    async with open_engine(citus.url) as engine:
        sale = await put_on_sale(engine, seats=2)
        await citus.move(2)
        moved_once = "SELECT pg_backend_pid() + CASE WHEN nextval('looks') = 1 THEN 1 ELSE 0 END"
        monkeypatch.setattr(owners, "_WHERE_IT_RUNS", moved_once)
        done = await sale.reserve(engine, 0)
        assert done.reservation.status == "pending"
    assert await citus.connection.fetchval("SELECT count(*) FROM reservations") == 1
    assert "localhost" in owners.owner_of(citus.cell)


async def test_a_node_that_takes_no_connection_is_looked_up_again(citus):
    await (await owners.connect_to_owner(citus.cell, timeout=5)).close()
    known = owners.owner_of(citus.cell)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed = listener.getsockname()[1]
    owners._owners[citus.cell] = known.replace(known.rpartition("127.0.0.1:")[2].partition("/")[0], str(closed))
    connection = await owners.connect_to_owner(citus.cell, timeout=5)
    await connection.close()
    assert owners.owner_of(citus.cell) == known

    await citus.connection.execute("UPDATE pg_dist_node SET nodeport = $1", closed)
    owners._owners.clear()
    for _ in range(2):
        with pytest.raises(OSError, match=r"refused|failed"):
            await owners.connect_to_owner(citus.cell, timeout=5)


async def test_tables_are_changed_at_the_coordinator_and_sessions_are_looked_for_at_the_owner(citus):
    await citus.move(2)
    async with connected(citus.cell) as at_coordinator, connected(citus.cell, at_owner=True) as at_owner:
        assert (host_of(at_coordinator), host_of(at_owner)) == ("127.0.0.1", "localhost")


async def test_an_ordinary_cell_is_never_asked_where_it_is(database_url, monkeypatch):
    monkeypatch.setattr(owners, "_WHERE_IT_RUNS", "SELECT 1 / 0")
    connection = await connect(database_url, application_name="test", timeouts=Timeouts())
    await connection.execute("BEGIN")
    await commit(connection)
    connection.terminate()
