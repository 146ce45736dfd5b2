"""A failover that loses the end of a log: the same versions are used again with another meaning."""

import asyncio
import json

import pytest
import structlog

from box_office import put_on_sale, sql
from holdfast.application.booking.confirm import confirm
from holdfast.application.reading import live_changes
from holdfast.application.reading.listeners import RELOAD, LastSeen
from holdfast.application.reading.live_changes import LiveChanges
from holdfast.application.reading.seat_maps import SeatMaps
from holdfast.domain.booking.snapshot import ChangeKind
from reading.simulated_source import SimulatedSource, changes_of, turns, until_quiet
from reading.test_seat_map import statuses_of


async def statuses(engine, event_id) -> list[str]:
    seat_map = await engine.views.seat_maps.current(event_id, lists=True)
    seat_map.list.write(seat_map.list.unwritten(), seat_map.write)
    return [seat["status"] for seat in json.loads(b"".join(seat_map.list.pieces(available_only=False)))]


async def lose_holds(database_url, *held) -> None:
    """Make the database look like a standby that lacks the last commits and became the primary."""
    for one in held:
        await sql(
            database_url,
            """
            WITH lost AS (DELETE FROM reservations WHERE id = $1 RETURNING event_id, cardinality(seat_ids) AS seats),
            entry AS (DELETE FROM changes WHERE reservation_id = $1),
            claim AS (DELETE FROM claims WHERE reservation_id = $1)
            UPDATE events SET version = version - 1, available = available + seats, reserved = reserved - seats,
                pending_reservations = pending_reservations - 1
            FROM lost WHERE id = event_id
            """,
            one.reservation.id,
        )


@pytest.mark.parametrize("made_anew", [1, 2, 4])
async def test_a_map_of_a_lost_version_is_not_believed(engine, other_engine, database_url, made_anew):
    """However far the event has come since: the entry at the map's version is another one."""
    sale = await put_on_sale(engine, 6)
    lost = [await sale.reserve(engine, place) for place in (0, 1)]
    assert (await statuses(engine, sale.event_id))[:2] == ["reserved"] * 2
    lost_name = (await engine.views.seat_maps.current(sale.event_id)).mark.name
    await lose_holds(database_url, *lost)
    for place in range(made_anew):
        await sale.reserve(other_engine, 5 - place)
    free = 6 - made_anew
    assert await statuses(engine, sale.event_id) == ["available"] * free + ["reserved"] * made_anew
    again = await engine.views.seat_maps.current(sale.event_id)
    assert again.available == free
    assert again.mark.name != lost_name


async def test_an_own_batch_upon_a_version_that_was_given_again_is_not_taken_in(engine, other_engine, database_url):
    """Its number follows the map's, but the batch was decided on another state than the map's."""
    sale = await put_on_sale(engine, 4)
    lost = await sale.reserve(engine, 0)
    assert (await statuses(engine, sale.event_id))[0] == "reserved"
    await lose_holds(database_url, lost)
    held = await sale.reserve(other_engine, 3)
    await confirm(engine.booking, reservation_id=held.reservation.id, user_id="ann")
    assert await statuses(engine, sale.event_id) == ["available"] * 3 + ["confirmed"]


async def test_a_repeated_time_does_not_hide_it(engine, other_engine, database_url):
    """The clock of the new primary may be behind."""
    sale = await put_on_sale(engine, 2)
    lost = await sale.reserve(engine, 0)
    at = (await engine.views.seat_maps.current(sale.event_id)).mark.at
    await lose_holds(database_url, lost)
    await sale.reserve(other_engine, 1)
    await sql(database_url, "UPDATE changes SET at = $1 WHERE version = 2", at)
    assert await statuses(engine, sale.event_id) == ["available", "reserved"]


async def test_what_was_lost_while_a_question_travelled_is_not_built_upon():
    """The query knew version 1. A batch of this node made version 2 and was lost, and another entry became version 2.

    The answer brings versions 2 and 3, and 3 does not follow the 2 that the map shows.
    """
    source = SimulatedSource(events=1, seats=4)
    (event,) = source.events.values()
    maps = SeatMaps(source, bytes_max=1 << 24, expire=_nothing)
    await until_quiet(source, lambda: maps.current(event.id))
    asking = asyncio.create_task(maps.current(event.id))
    await turns()
    before = event.mark_at(1)
    source.write(event.id, ChangeKind.RESERVED, 0)
    maps.committed(event.id, changes_of(event.log[-1], before))
    source.lose(event.id, 1)
    source.write(event.id, ChangeKind.RESERVED, 1)
    source.write(event.id, ChangeKind.RESERVED, 2)
    await until_quiet(source, lambda: asking)
    assert statuses_of(asking.result()) == [0, 1, 1, 0]


@pytest.mark.parametrize("made_anew", [0, 1, 3])
async def test_streams_that_told_of_it_are_told_to_reload(engine, other_engine, database_url, made_anew):
    sale = await put_on_sale(engine, 6)
    frames = (await engine.views.live_changes.listen(sale.event_id, after=None)).frames()
    await anext(frames)
    lost = await sale.reserve(engine, 0)
    async with asyncio.timeout(10):
        assert b"changes" in await anext(frames)
    await lose_holds(database_url, lost)
    for place in range(made_anew):
        await sale.reserve(other_engine, 5 - place)
    async with asyncio.timeout(10):
        assert await anext(frames) == RELOAD


async def test_who_resumes_from_a_lost_version_is_told_to_reload(engine, other_engine, database_url):
    sale = await put_on_sale(engine, 6)
    lost = await sale.reserve(engine, 0)
    seen = LastSeen.parse((await engine.views.seat_maps.current(sale.event_id)).mark.name.encode())
    await lose_holds(database_url, lost)
    for place in (4, 5):
        await sale.reserve(other_engine, place)
    listener = await other_engine.views.live_changes.listen(sale.event_id, after=seen)
    assert await anext(listener.frames()) == RELOAD


async def test_seats_that_were_lost_between_two_questions_are_no_fault_of_ours(monkeypatch):
    """The log named them, and they were gone when their positions were read: listeners reload the seats."""
    monkeypatch.setattr(live_changes, "TICK_SECONDS", 1_000.0)
    source = SimulatedSource(events=1, seats=2)
    (event,) = source.events.values()
    live = LiveChanges(SeatMaps(source, bytes_max=1 << 24, expire=_nothing), source)
    opening = asyncio.create_task(live.listen(event.id, after=None))
    await until_quiet(source, lambda: opening)
    frames = opening.result().frames()
    await anext(frames)
    source.add_seats(event.id, 1)
    source.write(event.id, ChangeKind.RESERVED, 2)
    telling = asyncio.create_task(live._tick())
    await turns()
    source.release(0)
    await turns()
    source.lose(event.id, 2)
    with structlog.testing.capture_logs() as logged:
        await until_quiet(source, lambda: telling)
    assert await anext(frames) == RELOAD
    assert [line["log_level"] for line in logged] == ["warning"]
    live.close()


async def _nothing(_event_id) -> None:
    pass
