"""Finishing an upgrade: new features are used by all nodes, once no older node is left."""

import asyncio
import os
import re
import subprocess
import sys

import asyncpg
import pytest

from box_office import open_engine, sql
from holdfast.application.features import FEATURES, Feature
from holdfast.application.upkeep import learn_features
from holdfast.cli.migrations import down, finish, show, up
from holdfast.infrastructure.embedded.errors import EmbeddedError
from holdfast.infrastructure.postgres.driver.connection import Timeouts
from holdfast.infrastructure.postgres.driver.known_schema import newest_migration, session_name
from holdfast.infrastructure.postgres.driver.pool import Pool
from holdfast.infrastructure.postgres.migrations import migrate
from holdfast.infrastructure.postgres.migrations.finish import OlderNodesError
from holdfast.infrastructure.postgres.migrations.status import lost_by_downgrade, status
from holdfast.infrastructure.postgres.upkeep.readiness import PostgresReadiness
from holdfast.settings import Settings


@pytest.fixture
def unfinished_url(database_url, monkeypatch):
    """A database used by an older version, with a new feature that waits."""
    for name in list(FEATURES):
        monkeypatch.delitem(FEATURES, name)
    monkeypatch.setitem(FEATURES, "limit", Feature(newest_migration(), "so many seats a buyer", ("extended",)))
    asyncio.run(sql(database_url, "UPDATE installation SET finished = '0001'"))
    return database_url


async def session(url, application_name):
    return await asyncpg.connect(url, server_settings={"application_name": application_name})


async def test_older_nodes_are_listed_and_nothing_is_switched_on(unfinished_url):
    ours = await session(unfinished_url, session_name("api-write"))
    theirs = await session(unfinished_url, "holdfast-api-write")
    there = f"api on 127.0.0.1 (newest migration known: none; pids {theirs.get_server_pid()})"
    with pytest.raises(OlderNodesError, match=re.escape(f"add --force: {there}")):
        await asyncio.to_thread(migrate.finish, unfinished_url, looks=1)
    with pytest.raises(EmbeddedError, match="--force"):
        await asyncio.to_thread(finish, Settings(database_url=unfinished_url), force=False)
    now = await asyncio.to_thread(status, unfinished_url)
    assert (now.finished, now.off, len(now.older_nodes)) == ("0001", ["limit: so many seats a buyer"], 1)
    shown = await asyncio.to_thread(show, Settings(database_url=unfinished_url))
    assert "holdfast migrate finish" in shown
    assert "off until then: limit: so many seats a buyer" in shown
    assert f"older: {there}" in shown
    theirs.terminate()
    await asyncio.to_thread(migrate.finish, unfinished_url, looks=1)
    now = await asyncio.to_thread(status, unfinished_url)
    assert (now.finished, now.off) == (newest_migration(), [])
    ours.terminate()


async def test_a_node_that_connects_anew_during_the_looks_is_seen(unfinished_url):
    finishing = asyncio.create_task(asyncio.to_thread(migrate.finish, unfinished_url))
    await asyncio.sleep(0.3)
    older = await session(unfinished_url, "holdfast-worker-totals/0001")
    with pytest.raises(OlderNodesError, match=r"worker on .* known: 0001"):
        await finishing
    older.terminate()


async def test_it_can_be_forced(unfinished_url):
    older = await session(unfinished_url, "holdfast-api-write")
    await asyncio.to_thread(finish, Settings(database_url=unfinished_url), force=True)
    assert (await asyncio.to_thread(status, unfinished_url)).is_finished
    older.terminate()


async def test_nodes_use_what_is_new_without_a_restart(unfinished_url, monkeypatch):
    monkeypatch.setattr(learn_features, "ROUND_SECONDS", 0.05)
    async with open_engine(unfinished_url) as engine, asyncio.timeout(20):
        await asyncio.sleep(0.3)
        assert not engine.booking.features.enabled("limit")
        await asyncio.to_thread(migrate.finish, unfinished_url, looks=1)
        while not engine.booking.features.enabled("limit"):  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0.02)
        with pytest.raises(KeyError):
            engine.booking.features.enabled("no such thing")


async def test_the_schema_comes_first(unfinished_url):
    await asyncio.to_thread(migrate.downgrade, unfinished_url)
    with pytest.raises(migrate.WrongDirectionError, match="holdfast migrate up"):
        await asyncio.to_thread(migrate.finish, unfinished_url)
    await asyncio.to_thread(migrate.upgrade, unfinished_url)
    await sql(unfinished_url, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(migrate.WrongDirectionError, match="the newer version finishes"):
        await asyncio.to_thread(migrate.finish, unfinished_url)


def test_what_is_in_use_is_not_taken_back_unasked(unfinished_url):
    settings = Settings(database_url=unfinished_url)
    migrate.finish(unfinished_url, looks=1)
    entry = "INSERT INTO changes (event_id, version, kind, seat_ids, at) VALUES (gen_random_uuid(), 1, $1, '{}', now())"
    asyncio.run(sql(unfinished_url, entry.replace("$1", "'reserved'")))
    assert lost_by_downgrade(unfinished_url) == [], "an older version can read that"
    asyncio.run(sql(unfinished_url, entry.replace("$1", "'extended'")))
    with pytest.raises(EmbeddedError, match="log entries of the kinds extended; add --yes"):
        down(settings, lambda _: False)
    assert status(unfinished_url).is_finished


@pytest.mark.parametrize("older", [False, True])
async def test_a_run_that_is_alone_finishes_its_upgrade_by_itself(unfinished_url, older):
    left = await session(unfinished_url, "holdfast-api-write") if older else None
    await asyncio.to_thread(up, Settings(database_url=unfinished_url), alone=True)
    assert (await asyncio.to_thread(status, unfinished_url)).is_finished is not older
    if left is not None:
        left.terminate()


async def test_a_node_serves_on_the_schema_of_the_next_version_until_that_upgrade_is_finished(database_url):
    await sql(database_url, "UPDATE alembic_version SET version_num = '9998'")
    pool = Pool(database_url, size=1, application_name="readiness", timeouts=Timeouts())
    try:
        finding = await PostgresReadiness(pool).schema()
        assert (finding.state, "it serves until the upgrade is finished" in finding.detail) == ("degraded", True)
        await sql(database_url, "UPDATE installation SET finished = '9998'")
        finding = await PostgresReadiness(pool).schema()
        assert (finding.state, "replace this node by a newer one" in finding.detail) == ("failed", True)
    finally:
        await pool.close()


async def test_the_log_says_when_the_schema_is_another_versions(database_url):
    from structlog.testing import capture_logs

    await sql(database_url, "UPDATE alembic_version SET version_num = '9999'")
    with capture_logs() as lines:
        async with open_engine(database_url), asyncio.timeout(20):
            while not [line for line in lines if line["event"] == "schema_is_newer"]:  # noqa: ASYNC110 - there is no event to wait for
                await asyncio.sleep(0.02)
    (line,) = [line for line in lines if line["event"] == "schema_is_newer"]
    assert (line["schema"], line["known"], line["log_level"]) == ("9999", newest_migration(), "warning")


def command(url, *words):
    return subprocess.run(
        [sys.executable, "-m", "holdfast", "migrate", *words],
        env={"PATH": os.environ["PATH"], "DATABASE_URL": url},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )


def test_without_a_terminal_nobody_is_asked(unfinished_url):
    migrate.finish(unfinished_url, looks=1)
    migrate.downgrade(unfinished_url, "0001")
    asyncio.run(
        sql(unfinished_url, "INSERT INTO changes VALUES (gen_random_uuid(), 1, 'event_edited', NULL, '{}', now())")
    )
    refused = command(unfinished_url, "down")
    assert (refused.returncode, refused.stderr) == (
        1,
        "holdfast: nothing was done: this step would drop changes (1 row); add --yes where that is meant\n",
    )
    done = command(unfinished_url, "up")
    assert done.stdout.startswith(
        f"schema {newest_migration()}, newest {newest_migration()}\n  upgrade finished up to 0001"
    )
    # On a busy machine a step may take long, and only then it is told of.
    told = [re.fullmatch(r"holdfast: .+: done, ([0-9.]+) s", line) for line in done.stderr.splitlines()]
    assert all(line and float(line[1]) >= 1.0 for line in told), done.stderr
