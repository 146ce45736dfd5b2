"""Bulk calls do not hold up sales, and refusing one costs little."""

import asyncio
import time
import tracemalloc
from uuid import UUID, uuid4

import pytest

from api.serving import refused
from box_office import event_locked
from builders import an_event, numbered_seats
from edge.raw import problem_in, wire_to
from holdfast.api.seats import bulk_call
from holdfast.api.seats.bulk_body import read_bulk_body
from holdfast.application.catalogue.bulk_line import CALLS_MAX
from holdfast.domain.refusal import InvalidValue


async def _bulk(api, event_id, **wanted):
    return await api.post(f"/events/{event_id}/seats/bulk", numbered_seats(count=20, **wanted))


async def test_bulk_calls_that_wait_keep_nobody_else_waiting(api_where, database_url):
    async with api_where(write_pool_size=1, read_pool_size=2) as api:
        hot, seat_ids = await api.event_on_sale()
        locked, _ = await api.event_on_sale(seats=0, total_seats=1_000)
        async with event_locked(database_url, UUID(locked)):
            waiting = [asyncio.create_task(_bulk(api, locked, prefix=f"P{number}")) for number in range(CALLS_MAX)]
            await asyncio.sleep(0.3)
            full = await _bulk(api, locked, prefix="late")
            problem = refused(full, 503, "unavailable")
            assert (problem["outcome"], full.headers["retry-after"]) == ("none", "5")
            for seat in seat_ids:
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


async def test_a_list_of_very_many_values_is_refused_before_they_are_made():
    raw = b'{"seats":[' + b"1," * 1_000_000 + b'"a,b\\",c"]}'
    tracemalloc.start()
    try:
        with pytest.raises(InvalidValue, match="at most 10000 entries"):
            await read_bulk_body(raw)
        assert tracemalloc.get_traced_memory()[1] < 5 * len(raw)
    finally:
        tracemalloc.stop()


async def test_commas_within_texts_are_no_values():
    seat = b'{"seat_number":"%d","price":1,"section":"' + b"," * 50 + b'","row":"' + b",\\u002c" * 25 + b'"}'
    given = await read_bulk_body(b'{"seats":[' + b",".join(seat % number for number in range(10_000)) + b"]}")
    assert len(given.seats) == 10_000


async def test_a_large_body_holds_its_place_for_a_bounded_time(api, monkeypatch):
    """Even if it arrives steadily: eight callers at a kilobyte a second once blocked all other bulk calls for hours."""
    monkeypatch.setattr(bulk_call, "LARGE_BODY_SECONDS_MAX", 0.3)
    event_id, _ = await api.event_on_sale(seats=0)
    async with wire_to(str(api.http.base_url)) as wire:
        path = f"/api/v1/events/{event_id}/seats/bulk".encode()
        await wire.send(b"POST " + path + b" HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n")
        for _ in range(10):
            await wire.send(b" " * 2_000)
            await asyncio.sleep(0.05)
        assert problem_in(await wire.answer())["status"] == 408
    assert (await _bulk(api, event_id)).status_code in (201, 409)
