"""Killed at any point, archiving and restoring have done nothing, or everything; and nobody does it twice."""

import asyncio

import pytest

from archive.past_events import LEAVING, a_past_event, counted, open_archive, rows_of
from box_office import assert_promises_hold, event_locked, sql
from holdfast.application.failures import ConnectionLost, OperationalFailure
from holdfast.application.upkeep.archive.pace import Pace
from holdfast.application.upkeep.archive.refusals import NotArchivedError, StoppedError

_EDIT = """
WITH e AS (UPDATE events SET version = version + 1 WHERE id = $1 RETURNING id, version)
INSERT INTO changes (event_id, version, kind, seat_ids, at) SELECT id, version, 'event_edited', '{}', now() FROM e"""


class Killed(BaseException):
    """The process is gone: nothing of its own runs any more."""


class KilledAt(Pace):
    """Passes some steps and dies at the next one."""

    def __init__(self, steps: int) -> None:
        super().__init__(share=1)
        self.left = steps
        self.last = ""

    async def passed(self, step, _rows=0):
        self.last = step
        if self.left == 0:
            raise Killed
        self.left -= 1


class At(Pace):
    """Does something when a step is passed for the first time."""

    def __init__(self, step, work) -> None:
        super().__init__(share=1)
        self.step, self.work = step, work

    async def passed(self, step, _rows=0):
        if step == self.step and self.work is not None:
            work, self.work = self.work, None
            await work()


async def leaving(database_url, event_id):
    return {table: row for table, row in (await rows_of(database_url, event_id)).items() if table in LEAVING}


@pytest.mark.slow
async def test_killed_at_any_step_nothing_was_done_or_everything(database_url, engine, tmp_path):
    sale = await a_past_event(database_url, engine)
    before = await leaving(database_url, sale.event_id)
    seen, pace, files = [], KilledAt(0), set()
    while True:
        async with open_archive(database_url, tmp_path, rows_max=7) as archive:
            try:
                await archive.put_away(sale.event_id, pace)
            except Killed:
                seen.append(pace.last)
            else:
                break
        done = pace.last == "committed"
        if not done:
            assert await leaving(database_url, sale.event_id) == before, pace.last
            assert (await counted(database_url, sale.event_id))["archives"] == 0
        files |= {path.name for path in tmp_path.iterdir()}
        if done:
            break
        pace = KilledAt(len(seen))
    assert set(seen) == {"begun", "exported", "stored", "locked", "recorded", "removed", "marked", "committed"}
    assert len(files) == 1, "it was written again with the same bytes"
    assert (await counted(database_url, sale.event_id))["reservations"] == 0


async def test_killed_at_any_step_of_a_return_it_is_archived_or_back(database_url, engine, tmp_path):
    sale = await a_past_event(database_url, engine)
    before = await rows_of(database_url, sale.event_id)
    async with open_archive(database_url, tmp_path) as archive:
        await archive.put_away(sale.event_id)
    away = await rows_of(database_url, sale.event_id)
    books = await counted(database_url, sale.event_id)
    seen, pace = [], KilledAt(0)
    while "committed" not in seen:
        async with open_archive(database_url, tmp_path) as archive:
            with pytest.raises(Killed):
                await archive.bring_back(sale.event_id, pace)
        seen.append(pace.last)
        if pace.last != "committed":
            assert await rows_of(database_url, sale.event_id) == away, pace.last
            assert await counted(database_url, sale.event_id) == books
        pace = KilledAt(len(seen))
    assert set(seen) == {"begun", "read", "locked", "restored", "marked", "committed"}
    assert await rows_of(database_url, sale.event_id) == before
    await assert_promises_hold(database_url)


async def test_of_two_archivers_one_archives(database_url, engine, tmp_path):
    sale = await a_past_event(database_url, engine)
    before = await rows_of(database_url, sale.event_id)
    both = asyncio.Barrier(2)
    async with open_archive(database_url, tmp_path) as one, open_archive(database_url, tmp_path) as other:
        assert await one.removal.lead()
        assert not await other.removal.lead(), "it would not even try"
        assert await one.removal.lead()
        done = await asyncio.gather(
            *(archive.put_away(sale.event_id, At("stored", both.wait)) for archive in (one, other))
        )
        assert sorted(archived is None for archived in done) == [False, True]
        await one.bring_back(sale.event_id)
    assert await rows_of(database_url, sale.event_id) == before


async def test_of_two_who_restore_one_does(database_url, engine, tmp_path):
    sale = await a_past_event(database_url, engine)
    before = await rows_of(database_url, sale.event_id)
    both = asyncio.Barrier(2)
    async with open_archive(database_url, tmp_path) as one, open_archive(database_url, tmp_path) as other:
        await one.put_away(sale.event_id)
        done = await asyncio.gather(
            *(archive.bring_back(sale.event_id, At("read", both.wait)) for archive in (one, other)),
            return_exceptions=True,
        )
    assert sum(isinstance(result, NotArchivedError) for result in done) == 1
    assert await rows_of(database_url, sale.event_id) == before


@pytest.mark.parametrize("step", ["begun", "exported", "stored"])
async def test_an_event_that_changes_during_the_export_is_left(database_url, engine, archive, step):
    sale = await a_past_event(database_url, engine)

    async def edit():
        await sql(database_url, _EDIT, sale.event_id)

    before = await counted(database_url, sale.event_id)
    assert await archive.put_away(sale.event_id, At(step, edit)) is None
    assert await counted(database_url, sale.event_id) == before | {"changes": before["changes"] + 1}
    assert await archive.put_away(sale.event_id) is not None


async def test_a_held_lock_makes_it_wait_for_the_next_round(database_url, engine, archive):
    sale = await a_past_event(database_url, engine)
    await archive.removal.lead()
    connection = await archive.session.connection()
    await connection.execute("SET lock_timeout = 100")
    before = await counted(database_url, sale.event_id)
    async with event_locked(database_url, sale.event_id):
        with pytest.raises(OperationalFailure):
            await archive.put_away(sale.event_id)
    assert await counted(database_url, sale.event_id) == before
    assert await archive.put_away(sale.event_id) is not None


async def test_rows_are_removed_only_on_the_connection_they_were_read_on(database_url, engine, archive):
    """After a failover there may be other rows at the same version."""
    sale = await a_past_event(database_url, engine)

    async def lose_connection():
        (await archive.session.connection()).terminate()

    with pytest.raises(ConnectionLost):
        await archive.put_away(sale.event_id, At("stored", lose_connection))
    assert (await counted(database_url, sale.event_id))["archives"] == 0


async def test_a_process_that_ends_stops_in_the_middle_and_undoes(database_url, engine, archive):
    sale = await a_past_event(database_url, engine)
    before = await counted(database_url, sale.event_id)
    stop = asyncio.Event()

    class Stopping(Pace):
        async def passed(self, step, rows=0):
            if step == "recorded":
                stop.set()
            await super().passed(step, rows)

    with pytest.raises(StoppedError):
        await archive.put_away(sale.event_id, Stopping(share=1, stop=stop))
    assert await counted(database_url, sale.event_id) == before
    async with event_locked(database_url, sale.event_id):
        pass


async def test_sessions_of_archivers_hold_no_snapshot_while_a_file_is_written(database_url, engine, archive):
    sale = await a_past_event(database_url, engine)
    found = []

    async def look():
        found.extend(
            await sql(
                database_url,
                "SELECT state, backend_xmin FROM pg_stat_activity WHERE application_name LIKE 'holdfast-archiver%'"
                " AND datname = current_database()",
            )
        )

    await archive.put_away(sale.event_id, At("exported", look))
    assert [tuple(row) for row in found] == [("idle", None)]
