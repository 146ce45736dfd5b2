"""Migration steps on a schema in use: nobody waits long for them, each is done once, and a crash loses nothing."""

import asyncio
import contextlib
from functools import partial

import asyncpg
import pytest

from holdfast.infrastructure.postgres.migrations import migrate, turn
from holdfast.infrastructure.postgres.migrations.script import steps_of
from holdfast.infrastructure.postgres.migrations.session import connect, connected
from holdfast.infrastructure.postgres.migrations.steps import Run, StillLockedError, make_record, run_steps, under_way


class Heard:
    """A reporter that records what it is told."""

    def __init__(self):
        self.steps, self.waits_for, self.phases = [], [], []

    def began(self, what):
        self.steps.append(what)

    def waits(self, reason):
        self.waits_for.append(reason)

    def progressed(self, phase, share):
        self.phases.append((phase, share))

    def done(self, what, seconds):
        pass


async def until(condition):
    while not condition():  # noqa: ASYNC110 - there is no event to wait for
        await asyncio.sleep(0.02)


@pytest.fixture
async def shop(database_url):
    """A connection with a small table in which seats are sold."""
    connection = await asyncpg.connect(database_url, server_settings={"application_name": "shop"})
    await connection.execute("CREATE TABLE sold (id int, buyer text); INSERT INTO sold VALUES (1, 'ann'), (2, 'ann')")
    yield connection
    connection.terminate()


async def carry_out(database_url, script, heard=None, **named):
    run = Run(connect=partial(connect, database_url), reporter=heard or Heard(), **named)
    async with connected(database_url) as connection:
        await make_record(connection)
        await run_steps(connection, "0042", "up", steps_of(script), run)


async def test_a_step_that_waits_for_a_lock_lets_the_sale_go_on(database_url, shop):
    """An ALTER waits for a long report, and every later batch waits behind the ALTER."""
    heard = Heard()
    report = await asyncpg.connect(database_url, server_settings={"application_name": "report"})
    await report.execute("BEGIN; SELECT count(*) FROM sold")
    migrating = asyncio.create_task(
        carry_out(database_url, "ALTER TABLE sold ADD COLUMN price int", heard, lock_seconds=0.4)
    )
    await until(lambda: any("report" in reason for reason in heard.waits_for))
    async with asyncio.timeout(10):  # the report takes longer
        await shop.execute("UPDATE sold SET buyer = 'bob' WHERE id = 1")
    assert not migrating.done()
    assert f"pid {report.get_server_pid()} (report, idle in transaction for " in heard.waits_for[-1]
    report.terminate()
    await migrating
    assert await shop.fetchval("SELECT count(price) FROM sold") == 0


async def test_a_lock_that_is_never_let_go_ends_the_migration_and_says_whose_it_is(database_url, shop):
    await shop.execute("BEGIN; SELECT count(*) FROM sold")
    with pytest.raises(StillLockedError, match=rf"0042 all: .* held by pid {shop.get_server_pid()} \(shop, idle"):
        await carry_out(database_url, "ALTER TABLE sold ADD COLUMN price int", lock_seconds=0.5, patience_seconds=0.5)


THREE = """
-- step: first
INSERT INTO sold VALUES (3, 'cid');
-- step: second
INSERT INTO sold VALUES (4, 'dan');
-- step: third
INSERT INTO sold VALUES (5, 'eve');
INSERT INTO absent VALUES (6);
"""


async def test_each_step_is_a_transaction_and_is_done_once(database_url, shop):
    heard = Heard()
    for _ in range(2):
        with pytest.raises(asyncpg.UndefinedTableError):
            await carry_out(database_url, THREE, heard)
    assert heard.steps == ["0042 first", "0042 second", "0042 third", "0042 third"]
    assert [row["id"] for row in await shop.fetch("SELECT id FROM sold ORDER BY id")] == [1, 2, 3, 4]
    half_done = await under_way(shop)
    assert (half_done.revision, half_done.direction, half_done.done) == ("0042", "up", ("first", "second"))
    with pytest.raises(migrate.WrongDirectionError, match=r"0042 is half done .*holdfast migrate up"):
        await asyncio.to_thread(migrate.downgrade, database_url)
    await shop.execute("CREATE TABLE absent (id int)")
    await carry_out(database_url, THREE, heard)
    assert heard.steps[-1] == "0042 third"
    assert await shop.fetchval("SELECT count(*) FROM sold") == 5


INDEX = "-- step: the index, outside a transaction\nCREATE UNIQUE INDEX CONCURRENTLY sold_buyer_idx ON sold (buyer);"
VALID = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('sold_buyer_idx')"


async def test_an_index_that_was_half_made_is_made_anew(database_url, shop):
    with pytest.raises(asyncpg.UniqueViolationError):
        await carry_out(database_url, INDEX)
    assert await shop.fetchval(VALID) is False, "PostgreSQL leaves it, and its name is taken"
    await shop.execute("UPDATE sold SET buyer = 'bob' WHERE id = 1")
    await carry_out(database_url, INDEX)
    assert await shop.fetchval(VALID) is True


async def test_an_index_whose_migration_was_killed_on_the_way_is_made_anew(database_url, shop):
    await shop.execute("UPDATE sold SET buyer = 'bob' WHERE id = 1")
    heard = Heard()
    report = await asyncpg.connect(database_url, server_settings={"application_name": "report"})
    await report.execute("BEGIN; UPDATE sold SET buyer = 'cid' WHERE id = 1")
    killed = asyncio.create_task(carry_out(database_url, INDEX, heard))
    await until(lambda: any("report" in reason for reason in heard.waits_for))
    await shop.execute("UPDATE sold SET buyer = 'dan' WHERE id = 2")  # creating an index concurrently blocks nobody
    await shop.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'CREATE UNIQUE%' AND datname = "
        "current_database()"
    )
    with pytest.raises((asyncpg.PostgresError, ConnectionError)):
        await killed
    assert await shop.fetchval(VALID) is False
    await report.execute("COMMIT")
    await carry_out(database_url, INDEX)
    assert await shop.fetchval(VALID) is True
    report.terminate()


async def test_an_index_that_is_there_is_not_made_again(database_url, shop):
    """It was created, and the crash came before that was recorded."""
    await shop.execute("CREATE INDEX sold_buyer_idx ON sold (buyer)")
    await carry_out(database_url, INDEX)
    assert (
        await shop.fetchval("SELECT indisunique FROM pg_index WHERE indexrelid = 'sold_buyer_idx'::regclass") is False
    )


async def test_a_constraint_is_validated_outside_a_transaction(database_url, shop):
    script = """
    -- step: new rows
    ALTER TABLE sold ADD CONSTRAINT sold_id_check CHECK (id > 0) NOT VALID;
    -- step: old rows, outside a transaction
    ALTER TABLE sold VALIDATE CONSTRAINT sold_id_check;
    """.replace("\n    ", "\n")
    await carry_out(database_url, script)
    assert await shop.fetchval("SELECT convalidated FROM pg_constraint WHERE conname = 'sold_id_check'")


async def test_two_operators_at_once_do_not_get_in_each_others_way(empty_database_url):
    """The second must not wait inside a transaction: the first one's CREATE INDEX CONCURRENTLY would wait for it."""
    async with asyncio.timeout(30):
        await asyncio.gather(*(asyncio.to_thread(migrate.upgrade, empty_database_url) for _ in range(2)))


async def test_the_second_operator_hears_who_is_first(database_url, monkeypatch):
    heard = Heard()
    async with connected(database_url) as first:
        await turn.take_turn(first, heard, seconds_max=1)
        second = asyncio.create_task(asyncio.to_thread(migrate.upgrade, database_url, reporter=heard))
        await until(lambda: heard.waits_for)
        assert (
            f"another migration of this database: pid {first.get_server_pid()} (holdfast-migrate/" in heard.waits_for[0]
        )
        monkeypatch.setattr(migrate, "TURN_SECONDS", 0.3)
        with pytest.raises(turn.OthersTurnError, match=f"pid {first.get_server_pid()} "):
            await asyncio.to_thread(migrate.upgrade, database_url)
        assert not second.done()
    await second


async def test_the_version_before_waits_too(database_url):
    """It holds the lock for the length of its transaction."""
    async with connected(database_url) as ours, connected(database_url) as theirs:
        await turn.take_turn(ours, Heard(), seconds_max=1)
        with contextlib.suppress(asyncpg.LockNotAvailableError):
            await theirs.execute("SET lock_timeout = 50; BEGIN; SELECT pg_advisory_xact_lock(x'486F6C64'::int)")
            pytest.fail("two would migrate at once")
