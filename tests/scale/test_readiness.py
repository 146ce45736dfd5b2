"""/livez and /readyz: up, ready, degraded, about to end."""

import asyncio
import os
import signal
import sys
from contextlib import asynccontextmanager

import httpx

from api.serving import serving
from box_office import sql
from holdfast.application.readiness import Draining
from holdfast.bootstrap import application
from holdfast.infrastructure.embedded.folder import free_port
from holdfast.infrastructure.postgres.migrate import head_revision
from holdfast.infrastructure.postgres.readiness import newest_migration
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
    async with node(database_url=database_url, redis_url=f"redis://127.0.0.1:{free_port()}/0") as http:
        answer = await http.get("/readyz")
        assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
        assert answer.json()["parts"]["redis"]["status"] == "degraded"


async def test_without_postgresql_it_is_not_ready():
    async with node(database_url=f"postgresql://ann:secret@127.0.0.1:{free_port()}/none") as http:
        assert await _not_ready_because(http, "postgresql") == "No answer."
        assert "secret" not in (await http.get("/readyz")).text


async def test_it_wants_the_schema_of_its_version(empty_database_url, database_url):
    async with node(database_url=empty_database_url) as http:
        assert "holdfast migrate up" in await _not_ready_because(http, "schema")
    async with node(database_url=database_url) as http:
        await sql(database_url, "UPDATE alembic_version SET version_num = '0000'")
        assert "0000" in await _not_ready_because(http, "schema")
        await sql(database_url, "UPDATE alembic_version SET version_num = '9999'")
        assert (await http.get("/readyz")).json()["status"] == "degraded"


def test_the_newest_migration_is_the_migrations_own_head():
    assert newest_migration() == head_revision()


async def test_about_to_end_it_is_not_ready(database_url):
    draining = Draining()
    async with node(draining, database_url=database_url) as http:
        draining.begin()
        assert await _not_ready_because(http, "node") == "This node is about to end."


async def test_a_node_told_to_end_answers_until_it_has_drained(database_url):
    port = free_port()
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
