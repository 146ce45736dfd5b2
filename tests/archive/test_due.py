"""Which events are due, in which order, and what a worker does about them."""

import asyncio
from datetime import timedelta

import pytest

from archive.past_events import a_deleted_event, a_past_event, counted, end, open_archive
from box_office import put_on_sale, sql, until
from holdfast.application.upkeep.archive.archive_due import archive_due
from holdfast.application.upkeep.archive.pace import Pace
from holdfast.application.upkeep.archive.refusals import RowsDisagreeError, TargetAwayError
from holdfast.infrastructure.postgres.archive import removal
from holdfast.telemetry import metrics
from holdfast.worker.archive import archive_events

AFTER = timedelta(days=30)


async def due(archive):
    return [event.event_id for event in await archive.removal.due_events(AFTER, following=None) if not event.pending]


async def an_event(database_url, engine, days):
    sale = await put_on_sale(engine)
    await end(database_url, sale.event_id, days=days)
    return sale.event_id


async def test_events_are_due_some_time_after_they_finished_the_first_first(database_url, engine, archive):
    await an_event(database_url, engine, 29)
    await put_on_sale(engine)
    long_ago = await an_event(database_url, engine, 300)
    lately = await an_event(database_url, engine, 31)
    sold_longer = await an_event(database_url, engine, 200)
    await sql(database_url, "UPDATE events SET sale_closes_at = now() - interval '1 day' WHERE id = $1", sold_longer)
    deleted = (await a_deleted_event(database_url, engine)).event_id
    await sql(database_url, "UPDATE events SET deleted_at = now() - interval '40 days' WHERE id = $1", deleted)
    assert await due(archive) == [long_ago, deleted, lately]


async def test_what_is_pending_or_was_restored_lately_is_not_due(database_url, engine, archive):
    held = await put_on_sale(engine)
    await held.reserve(engine, 0)
    await end(database_url, held.event_id, days=100)
    opening, opened, restored = [await an_event(database_url, engine, days) for days in (90, 80, 70)]
    channel = "INSERT INTO channels (event_id, key, name, opens_to_all_at, opened_at) VALUES ($1, 'a', 'A', now(), "
    await sql(database_url, channel + "NULL)", opening)
    await sql(database_url, channel + "now())", opened)
    await archive.put_away(restored)
    await archive.bring_back(restored)
    assert await due(archive) == [opened]
    await sql(database_url, "UPDATE archives SET restored_at = now() - interval '31 days'")
    assert await due(archive) == [opened, restored]


async def test_all_that_is_due_is_archived_and_one_that_cannot_be_keeps_no_other(
    database_url, engine, archive, monkeypatch
):
    monkeypatch.setattr(removal, "EVENTS_MAX", 2)
    bad = await a_past_event(database_url, engine, days=400)
    good = [await an_event(database_url, engine, days) for days in (300, 200, 100, 50)]
    await sql(database_url, "DELETE FROM claims WHERE event_id = $1 AND seat_id = $2", bad.event_id, bad.seats[1])
    failures = metrics.archive_failures_total.labels("0", "event")
    before = failures._value.get()
    tried = [one async for one in archive_due(archive.removal, archive.target, AFTER, Pace(share=1), put_off=set())]
    assert [one.event.event_id for one in tried] == [bad.event_id, *good]
    assert tried[0].archived is None
    assert "other rows than its counters say (6 claims" in tried[0].problem
    assert all(one.archived is not None for one in tried[1:])
    assert failures._value.get() == before + 1
    assert (await counted(database_url, bad.event_id))["reservations"] == 6


async def test_an_event_that_has_lost_reservations_stays(database_url, engine, archive):
    """Its counters do not tell of those that were cancelled, so its log has to."""
    sale = await a_past_event(database_url, engine)
    await sql(database_url, "DELETE FROM reservations WHERE event_id = $1 AND status = 'cancelled'", sale.event_id)
    with pytest.raises(RowsDisagreeError, match="has 4 reservations and a log that tells of 6"):
        await archive.put_away(sale.event_id)
    assert (await counted(database_url, sale.event_id))["archives"] == 0


async def damage(database_url, event_id):
    """Have PostgreSQL answer as if a page with an event's reservations were damaged."""
    await sql(
        database_url,
        f"""
        CREATE FUNCTION damaged() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'invalid page in block 7 of relation "reservations"' USING ERRCODE = 'XX001'; END $$;
        CREATE TRIGGER damaged BEFORE DELETE ON reservations FOR EACH ROW WHEN (OLD.event_id = '{event_id}')
        EXECUTE FUNCTION damaged()
        """,
    )


async def test_an_event_at_which_the_database_fails_keeps_no_other(database_url, engine, archive):
    bad = await a_past_event(database_url, engine, days=400)
    good = [await an_event(database_url, engine, days) for days in (300, 200)]
    await damage(database_url, bad.event_id)
    stop = asyncio.Event()
    named = {"enabled": lambda: True, "stop": stop, "round_seconds": 0.02}
    worker = asyncio.create_task(archive_events(archive.removal, archive.target, AFTER, **named))
    async with asyncio.timeout(30):
        while await sql(  # noqa: ASYNC110 - there is no event to wait for
            database_url, "SELECT FROM events WHERE id = ANY ($1) AND archived_at IS NULL", good
        ):
            await asyncio.sleep(0.02)
    await sql(database_url, "DROP TRIGGER damaged ON reservations")
    async with asyncio.timeout(30):
        while (await counted(database_url, bad.event_id))["archives"] == 0:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.02)
    stop.set()
    await worker


async def test_rows_in_the_way_keep_no_other_event(database_url, engine, archive):
    bad = await a_past_event(database_url, engine, days=400)
    good = await an_event(database_url, engine, 300)
    left = "INSERT INTO archived_reservations SELECT id, event_id, '12345678' FROM reservations WHERE event_id = $1"
    await sql(database_url, left, bad.event_id)
    tried = [one async for one in archive_due(archive.removal, archive.target, AFTER, Pace(share=1), put_off=set())]
    assert [one.event.event_id for one in tried] == [bad.event_id, good]
    assert "rows that archived_reservations_pkey does not allow" in tried[0].problem
    assert tried[1].archived is not None


async def test_a_folder_that_is_away_ends_the_round(database_url, engine, archive, tmp_path):
    await an_event(database_url, engine, 100)
    await asyncio.to_thread(tmp_path.rmdir)
    failures = metrics.archive_failures_total.labels("0", "target")
    before = failures._value.get()
    with pytest.raises(TargetAwayError):
        [one async for one in archive_due(archive.removal, archive.target, AFTER, Pace(share=1), put_off=set())]
    assert failures._value.get() == before + 1
    assert metrics.archive_overdue_seconds.labels("0")._value.get() > 69 * 86_400


async def test_one_worker_of_two_archives_once_every_node_knows_it(database_url, engine, tmp_path):
    events = [await an_event(database_url, engine, days) for days in (100, 90, 80)]
    stop, enabled = asyncio.Event(), []

    async def archived():
        return (await sql(database_url, "SELECT count(*) FROM archives"))[0][0]

    async with open_archive(database_url, tmp_path) as one, open_archive(database_url, tmp_path) as other:
        named = {"enabled": lambda: bool(enabled), "stop": stop, "round_seconds": 0.02}
        workers = [
            asyncio.create_task(archive_events(archive.removal, archive.target, AFTER, **named))
            for archive in (one, other)
        ]
        overdue = metrics.archive_overdue_seconds.labels("0")._value
        overdue.set(0)
        await until(lambda: overdue.get() > 69 * 86_400)
        assert await archived() == 0, "an older node would not know what that is"
        enabled.append(True)
        async with asyncio.timeout(30):
            while await archived() < len(events):  # noqa: ASYNC110 - there is no event to wait for
                await asyncio.sleep(0.02)
        assert {one.session._leads, other.session._leads} == {True, False}
        stop.set()
        await asyncio.gather(*workers)
    assert metrics.archived_rows_total.labels("0", "changes")._value.get() >= len(events)


async def test_a_worker_tells_what_is_overdue_while_another_session_archives(database_url, engine, tmp_path):
    """The other one may hang, or be a session that nobody knows of."""
    await an_event(database_url, engine, 100)
    stop = asyncio.Event()
    async with open_archive(database_url, tmp_path) as hanging, open_archive(database_url, tmp_path) as other:
        assert await hanging.removal.lead()
        named = {"enabled": lambda: True, "stop": stop, "round_seconds": 0.02}
        overdue = metrics.archive_overdue_seconds.labels("0")._value
        overdue.set(0)
        worker = asyncio.create_task(archive_events(other.removal, other.target, AFTER, **named))
        await until(lambda: overdue.get() > 69 * 86_400)
        stop.set()
        await worker
    assert list(tmp_path.iterdir()) == []


async def test_a_stop_ends_a_round_between_two_portions(database_url, engine, archive):
    event_id = await an_event(database_url, engine, 100)
    stop = asyncio.Event()
    stop.set()
    named = {"enabled": lambda: True, "stop": stop}
    await archive_events(archive.removal, archive.target, AFTER, **named)
    stop.clear()
    running = asyncio.create_task(archive_events(archive.removal, archive.target, AFTER, **named, round_seconds=60))
    await until(lambda: archive.session._leads)
    stop.set()
    async with asyncio.timeout(20):
        await running
    left = await counted(database_url, event_id)
    assert left["archives"] in (0, 1)
    assert (left["changes"] == 0) == (left["archives"] == 1)
