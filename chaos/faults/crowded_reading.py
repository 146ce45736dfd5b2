"""Readers whose requests cannot share work: a thousand different events, unknown events, an event that grows.

Each disturbed phase is compared with the quiet phase of the same run, by a generous ratio.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from itertools import count, cycle, repeat
from uuid import uuid4

import asyncpg

from chaos.buyers.caller import Caller, Target
from chaos.buyers.client import BASE
from chaos.buyers.load import Habits, Load
from chaos.buyers.pace import rounds_a_second, writes_a_second
from chaos.buyers.sale import put_on_sale
from chaos.trial import Trial, fault

_EVENTS = 1_500
_SEATS_EACH = 120
_FEW = 4
_READERS = 16
_QUIET_SECONDS = 2.5
_BUSY_SECONDS = 4.0
_SMALL_MEMORY = {"SEAT_MAPS_MIB_MAX": "1"}
"""So small that the maps of these small events evict each other, as those of large events do with more memory."""
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
    """Create a season's events at once."""
    connection = await asyncpg.connect(trial.site.postgres.url, timeout=5)
    try:
        rows = await connection.fetch(_MAKE_EVENTS, _EVENTS, _SEATS_EACH)
        await connection.execute("ANALYZE events, seats, changes")
    finally:
        await connection.close()
    return [row["id"] for row in rows]


async def _read_and_sell(
    load: Load, callers: Sequence[Caller], events: Sequence[str], seconds: float
) -> tuple[float, float]:
    """Have all readers request the events in turn; returns their reads and the buyers' writes per second."""
    turn = cycle(events)
    *reads, writes = await asyncio.gather(
        *(rounds_a_second(_counting(caller, turn), seconds) for caller in callers), writes_a_second(load.tally, seconds)
    )
    return sum(reads), writes


def _counting(caller: Caller, turn: Iterator[str]) -> Callable[[], Awaitable[object]]:

    async def count_next() -> None:
        await caller.call("GET", f"{BASE}/events/{next(turn)}/seats/available/count")

    return count_next


@fault(
    "counts-of-a-whole-season",
    "reading",
    injection=f"{_READERS} clients ask for the free seats of {_EVENTS} events in turn, far more than fit into the "
    "memory of the node, beside buyers",
    expected="they are answered as quickly as those who ask for few events, and sales keep their pace",
    invariants="all",
)
async def _counts_of_a_season(trial: Trial) -> None:
    events = await _many_events(trial)
    async with (
        trial.site.another("serve", "little-memory", _SMALL_MEMORY) as node,
        trial.load([node.address], buyers=6, habits=_CALM) as load,
    ):
        callers = [Caller(node.address) for _ in range(_READERS)]
        few, quiet = await _read_and_sell(load, callers, events[:_FEW], _QUIET_SECONDS)
        trial.injected()
        many, beside = await _read_and_sell(load, callers, events, _BUSY_SECONDS)
        for caller in callers:
            caller.close()
        trial.expect(many >= 0.3 * few, f"counts of {_EVENTS} events are as quick ({few:.0f} → {many:.0f} a second)")
        trial.expect(beside >= 0.3 * quiet, f"sales keep their pace ({quiet:.0f} → {beside:.0f} writes/s)")
        trial.expect(load.tally.failures() == 0, f"no buyer fails ({load.tally.failures()} did)")


@asynccontextmanager
async def _meanwhile(disturbers: Sequence[Callable[[], Awaitable[object]]]) -> AsyncIterator[None]:
    """Run all disturbances repeatedly inside the block."""

    async def again(disturb: Callable[[], Awaitable[object]]) -> None:
        while True:
            await disturb()

    tasks = [asyncio.create_task(again(disturb)) for disturb in disturbers]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _pace_of_reader(node: Target, event: str, seconds: float) -> float:
    """Read one event repeatedly; returns the rate per second."""
    async with Caller(node, seconds_max=30.0) as caller:
        return await rounds_a_second(_counting(caller, repeat(event)), seconds, pause_seconds=0.01)


@fault(
    "unknown-events-asked-for",
    "reading",
    injection="32 clients ask for events that do not exist, beside one who reads a small event, and buyers",
    expected="the reader is answered as if they asked for events that exist; no request fails",
    invariants="all",
)
async def _unknown_events(trial: Trial) -> None:
    node = trial.site.nodes[0].address
    callers = [Caller(node) for _ in range(32)]

    unknown = (str(uuid4()) for _ in count())

    async with trial.load([node], buyers=4, habits=_CALM) as load:
        small = await put_on_sale(node, seats=10)
        others = [await put_on_sale(node, seats=10) for _ in range(4)]
        known = cycle([sale.event for sale in others])
        async with _meanwhile([_counting(caller, known) for caller in callers]):
            quiet = await _pace_of_reader(node, small.event, _QUIET_SECONDS)
        trial.injected()
        async with _meanwhile([_counting(caller, unknown) for caller in callers]):
            beside = await _pace_of_reader(node, small.event, _BUSY_SECONDS)
        text = f"unknown events cost others no more than known ones ({quiet:.0f} → {beside:.0f} reads a second)"
        trial.expect(beside >= 0.4 * quiet, text)
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

        quiet = await _pace_of_reader(node, small.event, _QUIET_SECONDS)
        trial.injected()
        async with _meanwhile([add_and_look]):
            beside = await _pace_of_reader(node, small.event, _BUSY_SECONDS)
        text = f"who reads the small event keeps the pace ({quiet:.0f} → {beside:.0f} reads a second)"
        trial.expect(beside >= 0.15 * quiet, text)
        added = next(numbers) - 1
        trial.expect(added > 0, f"seats are added meanwhile ({added})")
        trial.expect(load.tally.failures() == 0, f"no buyer fails ({load.tally.failures()} did)")
