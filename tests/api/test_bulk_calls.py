"""Bulk calls keep out of the way of sales, and what is refused costs little."""

import asyncio
import time
from uuid import UUID, uuid4

from api.serving import refused
from box_office import event_locked
from builders import an_event, numbered_seats
from holdfast.application.bulk_line import CALLS_MAX


async def _bulk(api, event_id, **wanted):
    return await api.post(f"/events/{event_id}/seats/bulk", numbered_seats(count=20, **wanted))


async def test_bulk_calls_that_wait_keep_nobody_else_waiting(api_where, database_url):
    async with api_where(write_pool_size=1, read_pool_size=2) as api:
        hot, seats = await api.event_on_sale()
        locked, _ = await api.event_on_sale(seats=0, total_seats=1_000)
        async with event_locked(database_url, UUID(locked)):
            waiting = [asyncio.create_task(_bulk(api, locked, prefix=f"P{number}")) for number in range(CALLS_MAX)]
            await asyncio.sleep(0.3)
            full = await _bulk(api, locked, prefix="late")
            problem = refused(full, 503, "unavailable")
            assert (problem["outcome"], full.headers["retry-after"]) == ("none", "5")
            for seat in seats:
                async with asyncio.timeout(1.5):
                    assert (await api.reserve(hot, [seat])).status_code == 201
                    assert (await api.put(f"/events/{hot}", an_event())).status_code == 200
            assert not any(task.done() for task in waiting)
        answers = await asyncio.gather(*waiting)
        assert [answer.status_code for answer in answers] == [201] * CALLS_MAX
        assert (await _bulk(api, locked, prefix="after")).status_code == 201


async def test_what_cannot_be_added_is_not_made(api):
    """Refusing 100,000 seats costs what refusing one costs."""
    small, _ = await api.event_on_sale(seats=0, total_seats=1)

    async def cpu_seconds(path, count, code):
        spent = []
        for _ in range(5):
            started = time.process_time()
            answer = await api.post(path, numbered_seats(count=count))
            spent.append(time.process_time() - started)
            assert answer.json()["code"] == code
        return min(spent)

    unknown = f"/events/{uuid4()}/seats/bulk"
    full = f"/events/{small}/seats/bulk"
    one = await cpu_seconds(unknown, 1, "event_not_found")
    assert await cpu_seconds(unknown, 100_000, "event_not_found") < 8 * one
    assert await cpu_seconds(full, 100_000, "seats_exceed_total") < 8 * one
