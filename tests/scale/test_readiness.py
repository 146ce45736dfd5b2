"""/livez and /readyz: up, ready, degraded, about to end."""

import asyncio
import os
import signal
import sys
from contextlib import asynccontextmanager

import httpx
import pytest
from chaos.site.ports import quiet_port
from redis.asyncio import Redis

from api.serving import serving
from box_office import sql
from holdfast.application.lifecycle.readiness import Draining
from holdfast.bootstrap.api import application
from holdfast.infrastructure.embedded import EmbeddedRedis
from holdfast.infrastructure.postgres.driver.known_schema import newest_migration
from holdfast.infrastructure.postgres.migrations import migrate
from holdfast.infrastructure.postgres.migrations.revisions import head_revision
from holdfast.infrastructure.postgres.upkeep.suitability import unsuitable
from holdfast.settings import Settings
from scale.http_caller import Caller, answers_with, until


@asynccontextmanager
async def node(draining: Draining | None = None, **settings):
    async with (
        application(Settings(**settings), draining) as app,
        serving(app) as url,
        httpx.AsyncClient(base_url=url, timeout=20) as http,
    ):
        yield http


async def _not_ready_because(http, part: str) -> str:
    answer = await http.get("/readyz")
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
    problem = answer.json()
    assert (problem["code"], problem["outcome"], answer.headers["retry-after"]) == ("not_ready", "none", "1")
    assert (await http.get("/livez")).json() == {"status": "ok"}
    assert problem["parts"][part]["status"] == "failed"
    return problem["parts"][part]["detail"]


async def test_a_sound_node_is_ready(database_url, redis_url):
    async with node(database_url=database_url, redis_url=redis_url) as http:
        answer = await http.get("/readyz")
        assert (answer.status_code, answer.json()["status"]) == (200, "ready")
        parts = answer.json()["parts"]
        assert set(parts) == {"node", "postgresql", "schema", "queues", "redis"}
        assert {part["status"] for part in parts.values()} == {"ok"}


async def test_without_redis_it_is_ready_and_says_so(database_url):
    async with node(database_url=database_url, redis_url=f"redis://127.0.0.1:{quiet_port()}/0") as http:
        answer = await http.get("/readyz")
        assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
        assert answer.json()["parts"]["redis"]["status"] == "degraded"


async def test_without_postgresql_it_is_not_ready():
    async with node(database_url=f"postgresql://ann:secret@127.0.0.1:{quiet_port()}/none") as http:
        assert (await _not_ready_because(http, "postgresql")).startswith("No answer: ConnectionRefusedError")
        assert "secret" not in (await http.get("/readyz")).text


async def test_it_wants_the_schema_of_its_version(empty_database_url, database_url):
    async with node(database_url=empty_database_url) as http:
        assert "holdfast migrate up" in await _not_ready_because(http, "schema")
    async with node(database_url=database_url) as http:
        await sql(database_url, "UPDATE alembic_version SET version_num = '0000'")
        assert "0000" in await _not_ready_because(http, "schema")
        await sql(database_url, "UPDATE alembic_version SET version_num = '9999'")
        assert (await http.get("/readyz")).json()["status"] == "degraded"


@pytest.mark.parametrize(
    ("statements", "told"),
    [
        (["ALTER DATABASE {name} SET default_transaction_read_only = on"], "default_transaction_read_only"),
        (["REVOKE INSERT ON claims FROM {role}"], "INSERT on claims"),
        (["REVOKE UPDATE ON events FROM {role}", "REVOKE SELECT ON seats FROM {role}"], "UPDATE on events"),
    ],
)
async def test_a_database_that_takes_no_writes_is_found_out(database_url, statements, told):
    for statement in statements:
        await sql(database_url, statement.format(name=database_url.rpartition("/")[2], role="holdfast"))
    async with node(database_url=database_url) as http:
        assert told in await _not_ready_because(http, "postgresql")


async def test_a_role_that_may_not_log_in_is_named(database_url):
    password = database_url.partition("holdfast:")[2].partition("@")[0]
    async with node(database_url=database_url.replace(password, "another")) as http:
        told = await _not_ready_because(http, "postgresql")
        assert told.startswith("No answer: 28P01")
        assert "another" not in told


async def test_a_role_that_may_not_read_the_schema_is_told_so(database_url):
    await sql(database_url, "REVOKE SELECT ON alembic_version FROM holdfast")
    async with node(database_url=database_url) as http:
        assert "alembic_version" in await _not_ready_because(http, "schema")


async def test_a_database_that_may_forget_is_degraded_and_says_what_to_set(database_url, servers):
    name = database_url.rpartition("/")[2]
    await sql(database_url, f"ALTER DATABASE {name} SET synchronous_commit = off")
    await sql(servers.superuser_url, f"ALTER DATABASE {name} SET holdfast.throw_away = off")
    async with node(database_url=database_url) as http:
        answer = await http.get("/readyz")
        found = answer.json()["parts"]["postgresql"]
        assert (answer.status_code, found["status"]) == (200, "degraded")
        for setting in ("synchronous_commit", "fsync", "full_page_writes"):
            assert f"{setting} is off" in found["detail"]


async def test_a_database_of_another_encoding_is_refused_before_anything_is_made(latin1_url):
    with pytest.raises(migrate.UnsuitableDatabaseError, match=r"LATIN1.*UTF8"):
        await asyncio.to_thread(migrate.upgrade, latin1_url)
    assert await sql(latin1_url, "SELECT 1 FROM pg_class WHERE relnamespace = 'public'::regnamespace") == []
    async with node(database_url=latin1_url) as http:
        assert "LATIN1" in await _not_ready_because(http, "postgresql")


@pytest.fixture
def latin1_url(servers):
    name = f"latin1_{os.getpid()}"
    make = f"CREATE DATABASE {name} ENCODING 'LATIN1' TEMPLATE template0 LOCALE 'C' OWNER holdfast"
    asyncio.run(sql(servers.superuser_url, make))
    yield servers.database(name)
    asyncio.run(sql(servers.superuser_url, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.mark.parametrize(("version", "encoding", "fits"), [(150_000, "UTF8", True), (140_012, "UTF8", False)])
def test_a_server_that_is_too_old_is_refused(version, encoding, fits):
    reason = unsuitable(version_number=version, encoding=encoding)
    assert (reason is None) == fits
    assert fits or "15 or newer" in reason


@pytest.fixture
def own_redis(tmp_path):
    """A Redis that this test may break."""
    if not EmbeddedRedis.available():
        pytest.skip("no redis-server or valkey-server is installed")
    server = EmbeddedRedis(tmp_path)
    server.start()
    yield server
    server.stop()


async def test_a_redis_that_refuses_what_the_gate_asks_is_degraded_and_says_what_to_do(database_url, own_redis):
    async with node(database_url=database_url, redis_url=own_redis.url) as http, Redis.from_url(own_redis.url) as redis:

        async def found():
            answer = await http.get("/readyz")
            assert answer.status_code == 200
            return answer.json()["parts"]["redis"]

        assert await found() == {"status": "ok"}
        port = quiet_port()
        await redis.execute_command("REPLICAOF", "127.0.0.1", port)
        assert "primary" in (await found())["detail"]
        await redis.execute_command("REPLICAOF", "NO", "ONE")
        assert (await found())["status"] == "ok"
        await redis.config_set("maxmemory", "1")
        await redis.config_set("maxmemory-policy", "noeviction")
        assert "maxmemory" in (await found())["detail"]
        await redis.config_set("maxmemory", "0")
        await redis.execute_command("ACL", "SETUSER", "default", "-set")
        assert "+set" in (await found())["detail"]
        await redis.execute_command("ACL", "SETUSER", "default", "+set", "-evalsha", "-eval")
        assert "evalsha" in (await found())["detail"]
        await redis.execute_command("ACL", "SETUSER", "default", "+@all")
        assert (await found())["status"] == "ok"
        assert [key async for key in redis.scan_iter("*")] == [], "the looks leave nothing behind"


def test_the_newest_migration_is_the_migrations_own_head():
    assert newest_migration() == head_revision()


async def test_about_to_end_it_is_not_ready(database_url):
    draining = Draining()
    async with node(draining, database_url=database_url) as http:
        draining.begin()
        assert await _not_ready_because(http, "node") == "This node is shutting down."


@pytest.mark.slow
async def test_a_node_told_to_end_answers_until_it_has_drained(database_url):
    port = quiet_port()
    environment = {"PATH": os.environ["PATH"], "DATABASE_URL": database_url, "HOST": "127.0.0.1", "PORT": str(port)}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "holdfast", "serve"),
        env={**environment, "DRAIN_SECONDS": "2", "LOG_LEVEL": "ERROR"},
    )
    try:
        await until(lambda: answers_with(port, "/readyz", 200))
        async with Caller(port) as kept, Caller(port) as other:
            assert "connection" not in (await kept.call("GET", "/livez")).headers
            process.send_signal(signal.SIGTERM)
            await until(lambda: answers_with(port, "/readyz", 503))
            answer = await kept.call("GET", "/api/v1/events")
            assert (answer.status, answer.headers["connection"]) == (200, "close")
            assert (await other.call("GET", "/livez")).headers["connection"] == "close"
        async with asyncio.timeout(15):
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
