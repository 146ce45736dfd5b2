"""Bulk calls take turns; a place and a turn are released whatever happens to the call."""

import asyncio

import pytest

from box_office import outcome_of
from holdfast.application.catalogue.bulk_line import BulkLine


async def _enter(line):
    async with line.place():
        pass


async def test_more_than_there_is_room_for_are_refused():
    line = BulkLine(at_once=1, calls_max=2)
    async with line.place(), line.place():
        assert await outcome_of(_enter(line)) == "none"
    await _enter(line)
    assert line.calls == 0


async def test_who_waits_too_long_is_refused_and_gives_up_the_place():
    line = BulkLine(at_once=1, wait_seconds_max=0.01)
    async with line.place() as first:
        await first.turn()
        with pytest.raises(Exception, match="Too many"):
            async with line.place() as second:
                await second.turn()
        assert line.calls == 1
    async with line.place() as third:
        await third.turn()


async def test_a_turn_lasts_until_the_work_is_done_when_the_caller_leaves():
    line = BulkLine(at_once=1)
    work = asyncio.get_running_loop().create_future()

    async def call():
        async with line.place() as place:
            await place.turn()
            place.keep_until(work)
            await asyncio.sleep(60)

    caller = asyncio.create_task(call())
    await asyncio.sleep(0)
    caller.cancel()
    await asyncio.wait([caller])
    async with line.place() as place:
        turn = asyncio.create_task(place.turn())
        await asyncio.sleep(0.01)
        assert not turn.done()
        work.set_result(None)
        await turn


async def test_who_leaves_while_waiting_takes_no_turn_along():
    line = BulkLine(at_once=1)

    async def call():
        async with line.place() as place:
            await place.turn()

    async with line.place() as first:
        await first.turn()
        waiting = asyncio.create_task(call())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])
    await call()
    assert line.calls == 0
