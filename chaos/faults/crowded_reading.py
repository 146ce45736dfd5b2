"""Readers who ask for much that is not the same: a thousand events, unknown ones, one that grows.

Each disturbed phase is compared with the same run's quiet one, by a generous ratio.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from itertools import count, cycle
from uuid import uuid4

import asyncpg

from chaos.caller import Caller, Target
from chaos.client import BASE
from chaos.load import Habits, put_on_sale
from chaos.pace import rounds_a_second, writes_a_second
from chaos.trial import Trial, fault

_EVENTS = 1_500
_SEATS_EACH = 60
_FEW = 4
_QUIET_SECONDS = 2.5
_BUSY_SECONDS = 4.0
_SMALL_MEMORY = {"SEAT_MAPS_MIB_MAX": "1"}
"""So that maps of these small events push each other out, as those of large ones do in more memory."""
_CALM = Habits(pause_seconds=0.02, reads=0.2)
_MAKE_EVENTS = """
WITH made AS (
    INSERT INTO events (id, name, description, venue, start_at, end_at, total_seats, available, version,
                        created_at, updated_at)
    SELECT gen_random_uuid(), 'One of many', '', '', now() + interval '9 days', now() + interval '9 days', $2, $2, 1,
           now(), now()
    FROM generate_series(1, $1) RETURNING id
), seated AS (
    INSERT INTO seats (id, event_id, seat_number, price, position)
    SELECT gen_random_uuid(), made.id, 'M-' || n, 100, n - 1 FROM made, generate_series(1, $2) AS n
), logged AS (
    INSERT INTO changes (event_id, version, kind, seat_ids, at) SELECT id, 1, 'seats_added', '{}', now() FROM made
)
SELECT id::text FROM made"""


async def _many_events(trial: Trial) -> list[str]:
    """Make a season's events at once."""
    connection = await asyncpg.connect(trial.site.postgres.url, timeout=5)
    try:
        rows = await connection.fetch(_MAKE_EVENTS, _EVENTS, _SEATS_EACH)
        await connection.execute("ANALYZE events, seats, changes")
    finally:
        await connection.close()
    return [row["id"] for row in rows]


def _counting(caller: Caller, events: Sequence[str]) -> Callable[[], Awaitable[object]]:
    turn = cycle(events)

    async def count_next() -> None:
        await caller.call("GET", f"{BASE}/events/{next(turn)}/seats/available/count")

    return count_next


@fault(
    "counts-of-a-whole-season",
    "reading",
    injection=f"one client asks for the free seats of {_EVENTS} events in turn, far more than fit into the memory of "
    "the node, beside buyers",
    expected="it is answered as quickly as one who asks for few events, and sales keep their pace",
    invariants="all",
)
async def _counts_of_a_season(trial: Trial) -> None:
    events = await _many_events(trial)
    async with (
        trial.site.another("serve", "little-memory", _SMALL_MEMORY) as node,
        trial.load([node.address], buyers=6, habits=_CALM) as load,
        Caller(node.address) as caller,
    ):
        few, quiet = await asyncio.gather(
            rounds_a_second(_counting(caller, events[:_FEW]), _QUIET_SECONDS),
            writes_a_second(load.tally, _QUIET_SECONDS),
        )
        trial.injected()
        many, beside = await asyncio.gather(
            rounds_a_second(_counting(caller, events), _BUSY_SECONDS), writes_a_second(load.tally, _BUSY_SECONDS)
        )
        trial.expect(many >= 0.15 * few, f"counts of {_EVENTS} events are as quick ({few:.0f} → {many:.0f} a second)")
        trial.expect(beside >= 0.3 * quiet, f"sales keep their pace ({quiet:.0f} → {beside:.0f} writes/s)")
        trial.expect(load.tally.failures() == 0, f"no buyer fails ({load.tally.failures()} did)")


@asynccontextmanager
async def _meanwhile(disturbers: Sequence[Callable[[], Awaitable[None]]]) -> AsyncIterator[None]:
    """Have everybody disturb again and again inside the block."""

    async def again(disturb: Callable[[], Awaitable[None]]) -> None:
        while True:
            await disturb()

    tasks = [asyncio.create_task(again(disturb)) for disturb in disturbers]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _reads_beside(
    trial: Trial, node: Target, event: str, disturbers: Sequence[Callable[[], Awaitable[None]]], share: float
) -> None:
    """Compare how quickly a small event is read in a quiet phase and beside somebody."""
    async with Caller(node, seconds_max=30.0) as caller:
        read = _counting(caller, [event])
        quiet = await rounds_a_second(read, _QUIET_SECONDS, pause_seconds=0.01)
        trial.injected()
        async with _meanwhile(disturbers):
            beside = await rounds_a_second(read, _BUSY_SECONDS, pause_seconds=0.01)
    text = f"who reads a small event keeps the pace ({quiet:.0f} → {beside:.0f} reads a second)"
    trial.expect(beside >= share * quiet, text)


@fault(
    "unknown-events-asked-for",
    "reading",
    injection="32 clients ask for events that do not exist, beside one who reads a small event, and buyers",
    expected="the reader keeps the pace; no request fails",
    invariants="all",
)
async def _unknown_events(trial: Trial) -> None:
    node = trial.site.nodes[0].address
    callers = [Caller(node) for _ in range(32)]

    def unknown(caller: Caller) -> Callable[[], Awaitable[None]]:
        async def ask() -> None:
            await caller.call("GET", f"{BASE}/events/{uuid4()}/seats/available/count")
            await asyncio.sleep(0.05)

        return ask

    async with trial.load([node], buyers=4, habits=_CALM) as load:
        small = await put_on_sale(node, seats=10)
        await _reads_beside(trial, node, small.event, [unknown(caller) for caller in callers], 0.2)
        trial.expect(load.tally.failures() == 0, f"no buyer fails ({load.tally.failures()} did)")
    for caller in callers:
        caller.close()


@fault(
    "seats-added-to-a-large-event",
    "reading",
    injection="seats are added one by one to an event of 100,000 which somebody reads, beside one who reads a small "
    "event, and buyers",
    expected="the reader of the small event keeps the pace; no request fails",
    invariants="all",
)
async def _seats_added(trial: Trial) -> None:
    node = trial.site.nodes[0].address
    times = {"start_at": "2090-01-01T00:00:00Z", "end_at": "2090-01-01T00:00:00Z"}
    numbers = count()
    async with trial.load([node], buyers=4, habits=_CALM) as load, Caller(node, seconds_max=60.0) as caller:
        made = await caller.call("POST", f"{BASE}/events", {"name": "Large", "total_seats": 200_000, **times})
        path = f"{BASE}/events/{made.json()['id']}/seats"
        await caller.call("POST", f"{path}/bulk", {"prefix": "L", "count": 100_000, "price": 1})
        await caller.call("GET", path)
        small = await put_on_sale(node, seats=10)

        async def add_and_look() -> None:
            await caller.call("POST", path, {"seat_number": f"Z-{next(numbers)}", "price": 1})
            await caller.call("GET", f"{path}?available=true")

        await _reads_beside(trial, node, small.event, [add_and_look], 0.1)
        added = next(numbers) - 1
        trial.expect(added > 0, f"seats are added meanwhile ({added})")
        trial.expect(load.tally.failures() == 0, f"no buyer fails ({load.tally.failures()} did)")
