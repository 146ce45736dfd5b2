"""Connections without requests, with incomplete requests, or that never read large answers; directly at a node."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from chaos.buyers.caller import Caller, Target
from chaos.buyers.client import BASE
from chaos.buyers.crowd import Crowd, room_for
from chaos.buyers.load import Habits, until
from chaos.buyers.pace import watched_health, writes_a_second
from chaos.site.process_memory import watched_memory
from chaos.site.processes import off_loop
from chaos.trial import Trial, fault

_CROWD = 20_000
_HALVES = (
    b"",
    b"GET /health HTTP/1.1\r\nHost: chaos\r\nX-Half: ",
    b"POST /api/v1/reservations HTTP/1.1\r\nHost: chaos\r\nX-User-ID: half\r\nContent-Length: 400\r\n\r\n{",
)
_CLOSED_SECONDS_MAX = 45.0
_CALM = Habits(pause_seconds=0.05)


@asynccontextmanager
async def crowd_at(target: Target, *, small_buffers: bool = False) -> AsyncIterator[Crowd]:
    """Keep a crowd connected to a node inside the block."""
    crowd = Crowd(target, small_buffers=small_buffers)
    try:
        yield crowd
    finally:
        await off_loop(crowd.close)


async def _half_requests(trial: Trial, number: int) -> None:
    async with (
        trial.site.another("serve", "crowded", {}) as node,
        trial.load([node.address], habits=_CALM) as load,
        crowd_at(node.address) as crowd,
    ):
        quiet = await writes_a_second(load.tally, 2.0)
        trial.injected()
        async with watched_health(node.address) as healthy:
            await off_loop(lambda: crowd.open(number, _HALVES))
            beside = await writes_a_second(load.tally, 3.0)

            async def closed() -> bool:
                return await off_loop(crowd.still_open) <= number * 0.02

            gone = await until(closed, _CLOSED_SECONDS_MAX)
        left = await off_loop(crowd.still_open)
        missed = healthy.count(False)
        trial.expect(missed == 0, f"/health answers beside {number} of them ({missed} of {len(healthy)} times not)")
        trial.expect(beside >= 0.1 * quiet, f"sales go on ({quiet:.0f} → {beside:.0f} writes/s)")
        trial.expect(gone, f"connections that ask for nothing whole are closed ({left} of {number} stay)")
        late = load.client()
        seen = await late.reserve(load.wish("latecomer"))
        late.close()
        trial.expect(seen.outcome != "info", f"a new buyer is answered ({seen.answer})")


@fault(
    "half-requests",
    "edge",
    injection="900 connections directly at a node: silent, with half a head, with half a body",
    expected="they are closed; /health and sales go on",
    invariants="all",
)
async def _some_half_requests(trial: Trial) -> None:
    await _half_requests(trial, 900)


@fault(
    "half-requests-by-the-thousand",
    "edge",
    injection=f"{_CROWD} of them, or as many as this machine's limit of open files allows",
    expected="they are refused or closed; /health and sales go on",
    invariants="all",
)
async def _many_half_requests(trial: Trial) -> None:
    await _half_requests(trial, room_for(_CROWD))


_SEATS = 100_000
_SLOW_READERS = 40
_UNREAD_MIB_MAX = 64.0
"""For all of them together: a buffer each, and one copy of each answer. Their answers add up to 600 MiB."""


@fault(
    "slow-readers",
    "edge",
    injection=f"{_SLOW_READERS} clients ask a node for a seat list or a seat map of {_SEATS} seats and read nothing",
    expected=f"the node takes less than {_UNREAD_MIB_MAX:.0f} MiB for all of them; sales go on",
    invariants="all",
)
async def _slow_readers(trial: Trial) -> None:
    async with (
        trial.site.another("serve", "read-slowly", {}) as node,
        trial.load([node.address], habits=_CALM) as load,
        crowd_at(node.address, small_buffers=True) as crowd,
    ):
        path = await _large_event(node.address)
        paths = (f"{path}/seats", f"{path}/seat-map")
        async with Caller(node.address, seconds_max=60.0) as caller:
            for _ in range(2):
                for one in paths:
                    answer = await caller.call("GET", one)
                    trial.expect(answer.status == 200, f"{one} is answered ({answer.status})")
        quiet = await writes_a_second(load.tally, 2.0)
        trial.injected()
        async with watched_memory(node) as growth, watched_health(node.address) as healthy:
            asked = [f"GET {one} HTTP/1.1\r\nHost: chaos\r\n\r\n".encode() for one in paths]
            await off_loop(lambda: crowd.open(_SLOW_READERS, asked))
            beside = await writes_a_second(load.tally, 6.0)
        trial.expect(growth.mib <= _UNREAD_MIB_MAX, f"memory is bounded (it grew by {growth.mib:.0f} MiB)")
        trial.expect(all(healthy), f"/health answers throughout ({healthy.count(False)} times not)")
        trial.expect(beside >= 0.1 * quiet, f"sales go on ({quiet:.0f} → {beside:.0f} writes/s)")


async def _large_event(target: Target) -> str:
    """Create an event with many seats; returns its path."""
    times = {"start_at": "2090-01-01T00:00:00Z", "end_at": "2090-01-01T00:00:00Z"}
    async with Caller(target, seconds_max=60.0) as caller:
        made = await caller.call("POST", f"{BASE}/events", {"name": "Large", "total_seats": _SEATS, **times})
        path = f"{BASE}/events/{made.json()['id']}"
        await caller.call("POST", f"{path}/seats/bulk", {"prefix": "L", "count": _SEATS, "price": 1})
        await asyncio.sleep(0)
    return path
