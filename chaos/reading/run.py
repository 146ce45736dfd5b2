"""Simulated runs: readers, pages with streams, writers and failovers on one or two nodes, all drawn from a seed."""

import asyncio
from collections.abc import Awaitable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from itertools import product
from random import Random
from unittest.mock import patch
from uuid import UUID

import structlog

from chaos.reading.clients import Reader, hear, open_stream
from chaos.reading.clock import NothingLeftError, SimulatedLoop
from chaos.reading.database import SimulatedDatabase
from chaos.reading.epochs import Entry, SimulatedEvent
from chaos.reading.history import write_something
from chaos.reading.node import Node
from chaos.reading.rules import Breach, judge
from chaos.reading.scenario import Scenario
from chaos.reading.told import Following, Record
from holdfast.application.failures import ConnectionLost, Contended, OperationalFailure

_KINDS = ("list", "list", "free", "count", "count", "bits", "availability", "chart", "chart", "page")


@dataclass(slots=True)
class RandomPace:
    """Queries and answers that take a millisecond or much longer, or are lost."""

    random: Random
    failing: float
    slow: float

    async def ask(self, _: Sequence[UUID]) -> None:
        """Wait for the query to arrive, or lose it."""
        if self.random.random() < self.failing:
            await self._travel()
            raise self.random.choice((ConnectionLost, Contended))("simulated")
        await self._travel()

    async def answer(self, _: Sequence[UUID]) -> None:
        """Wait for the answer to arrive, or lose it."""
        await self._travel()
        if self.random.random() < self.failing:
            raise ConnectionLost("simulated")

    async def _travel(self) -> None:
        slow = self.random.random() < self.slow
        await asyncio.sleep(self.random.uniform(0.01, 0.4) if slow else self.random.uniform(0.0001, 0.002))


@dataclass(slots=True)
class Finished:
    """A run and its violations."""

    scenario: Scenario
    record: Record
    breaches: list[Breach]


def simulate(scenario: Scenario) -> Finished:
    """Run a scenario and judge it; the same scenario always makes the same run."""
    record = Record()
    with ExitStack() as stack:
        for module, name, bound in scenario.bounds:
            stack.enter_context(patch.object(module, name, bound))
        logged = stack.enter_context(structlog.testing.capture_logs())
        runner = stack.enter_context(asyncio.Runner(loop_factory=SimulatedLoop))
        run = runner.run(_begun(scenario, record))
        try:
            runner.run(run.play())
        except NothingLeftError:
            record.faults.append("a request was left without an answer")
    record.faults += [
        f"{line['event']}: {line.get('error', '')}" for line in logged if line["log_level"] in ("error", "critical")
    ]
    return Finished(scenario, record, judge(run.database, record))


async def _begun(scenario: Scenario, record: Record) -> "_Run":
    return _Run(scenario, record)


class _Run:
    """A run in progress."""

    def __init__(self, scenario: Scenario, record: Record) -> None:
        self._scenario = scenario
        self._random = Random(scenario.seed)  # noqa: S311 - a simulation
        self._record = record
        self._loop = asyncio.get_running_loop()
        self._pace = RandomPace(self._random, scenario.failing, scenario.slow)
        self.database = SimulatedDatabase(self._random, self._loop.time)
        self._write_pace = RandomPace(self._random, scenario.failing, scenario.slow / 10)
        self._nodes = [
            Node(self.database, self._pace, write_pace=self._write_pace, bytes_max=scenario.bytes_max)
            for _ in range(scenario.nodes)
        ]
        for number in range(scenario.events):
            self.database.create_event(f"event {number}", scenario.seats)
        self._known = list(self.database.events.values())
        self._resting = False

    async def play(self) -> None:
        """Let everybody act, let the run come to rest, then look for leftovers."""
        scenario = self._scenario
        await asyncio.sleep(10.0)  # so that a failover that loses the last five seconds does not lose the events
        everybody: list[Awaitable[None]] = [
            self._read(self._random.choice(self._nodes)) for _ in range(scenario.readers)
        ]
        everybody += [self._write(self._random.choice(self._nodes)) for _ in range(scenario.writers)]
        everybody += [self._lose() for _ in range(scenario.losses)]
        everybody += [self._archive() for _ in range(scenario.archives)]
        pages = [asyncio.create_task(self._follow(self._random.choice(self._nodes))) for _ in range(scenario.pages)]
        await asyncio.gather(*everybody)
        for pace in (self._pace, self._write_pace):
            pace.failing = pace.slow = 0.0
        self._resting = True
        await asyncio.sleep(scenario.rest_seconds)
        self._record.ended = self._loop.time()
        for node in self._nodes:
            for what, event in product(("list", "count", "bits"), self._known):
                self._record.told.append(await Reader().ask(node, what, event.id, revalidates=False))
        await asyncio.sleep(2.0)  # these reads may have expired holds, and pages must hear of that
        await self._look_around()
        for node in self._nodes:
            node.views.live_changes.close()
        await asyncio.gather(*pages)
        await asyncio.sleep(1.0)
        left = asyncio.all_tasks() - {asyncio.current_task()}
        if left:
            self._record.faults.append(f"tasks were left: {sorted(task.get_coro().__qualname__ for task in left)}")  # type: ignore[union-attr]

    async def _pause(self, seconds_max: float = 0.02) -> None:
        await asyncio.sleep(self._random.uniform(0.0, seconds_max))

    def _event(self) -> SimulatedEvent:
        # Half of all operations are on one event, so that they interact.
        return self._known[0] if self._random.random() < 0.5 else self._random.choice(self._known)

    async def _read(self, node: Node) -> None:
        reader = Reader()
        for _ in range(self._scenario.steps):
            await self._pause(self._scenario.read_pause)
            what = self._random.choice(_KINDS)
            event = None if what == "page" else self._event().id
            revalidates = self._random.random() < 0.7
            asking = asyncio.create_task(
                reader.ask(node, what, event, revalidates=revalidates, pause=lambda: self._pause(0.005))
            )
            if self._random.random() < self._scenario.hasty:
                await self._pause(0.01)
                asking.cancel()
            with suppress(asyncio.CancelledError):
                self._record.told.append(await asking)

    async def _write(self, node: Node) -> None:
        for _ in range(3 * self._scenario.steps):
            await self._pause(self._scenario.write_pause)
            event = self._event()
            with suppress(OperationalFailure), self._bugs_recorded("write"):
                await node.write(event, lambda event=event: self._decided(event))  # type: ignore[misc]

    def _decided(self, event: SimulatedEvent) -> list[Entry]:
        """Write a random batch, or now and then create an event instead."""
        if self._random.random() < 0.02 and len(self._known) < 8:
            self._known.append(self.database.create_event(f"event {len(self._known)}", self._random.randint(0, 4)))
            return []
        return write_something(
            self.database,
            event,
            self._random,
            hold_seconds=self._scenario.hold_seconds,
            may_end=event is not self._known[0],
        )

    async def _lose(self) -> None:
        await self._pause(0.015 * self._scenario.steps)
        event = self._event()
        seen_before = self._random.random() < 0.4 and self._is_live(event)
        if seen_before:
            # Have readers see what is about to be lost.
            self.database.add_seats(event, 2)
            await asyncio.sleep(0.1)
        charts = {event.id: len(event.chart) for event in self.database.events.values()}
        self.database.lose(0.12 if seen_before else self._random.choice((0.003, 0.01, 0.03, 0.03, 0.1, 5.0)))
        for event in self.database.events.values():
            # Add as many seats as were lost, so that their number alone does not show that the chart has changed.
            lost = charts[event.id] - len(event.chart)
            if lost and self._is_live(event) and (seen_before or self._random.random() < 0.5):
                self.database.add_seats(event, lost)

    def _is_live(self, event: SimulatedEvent) -> bool:
        return self.database.events.get(event.id) is event and not event.deleted and not event.archived

    async def _archive(self) -> None:
        """Archive an event once nothing in it is pending; restore it after a while, or let it stay in the archive."""
        await self._pause(0.015 * self._scenario.steps)
        event = self._event()
        if not self._is_live(event):
            return
        for hold in event.holds().values():
            self.database.write(event, "cancelled", hold.seats, reservation=hold.reservation)
        self.database.archive(event)
        if self._random.random() < 0.8:
            await self._pause(self._random.choice((0.005, 0.05, 0.5)))
            if event.archived:
                self.database.restore(event)

    async def _follow(self, node: Node) -> None:
        """Follow an event as a page does that is closed and reopened."""
        event = self._event().id
        following = self._page(event)
        while not self._resting:
            if following.over:
                following.listening = False
                following = self._page(event)
            await self._listen(node, following)
            await self._pause(0.1)
            if self._random.random() < 0.6:
                node = self._random.choice(self._nodes)

    @contextmanager
    def _bugs_recorded(self, of: str) -> Iterator[None]:
        try:
            yield
        except OperationalFailure:
            raise
        except Exception as failure:  # noqa: BLE001 - a 500, which is what is looked for
            self._record.faults.append(f"{of}: {failure!r}")

    def _page(self, event: UUID) -> Following:
        following = Following(event, self._loop.time())
        self._record.followed.append(following)
        return following

    async def _listen(self, node: Node, following: Following) -> None:
        following.listening = False
        stays, slow = self._random.random() < 0.5, self._random.random() < 0.1
        stream = None
        with self._bugs_recorded("stream"):
            stream = await open_stream(node, following)
        if stream is None:
            await self._pause(0.5)
            return
        following.listening = True
        attaches, pause = (lambda: not slow and self._random.random() < 0.5), (lambda: asyncio.sleep(8.0 * slow))
        with suppress(TimeoutError):
            async with asyncio.timeout(None if stays else self._random.uniform(0.0, 0.6)):
                await hear(stream, following, attaches=attaches, pause=pause)
        stream.stop()
        following.listening = stays

    async def _look_around(self) -> None:
        for node in self._nodes:
            maps = node.views.seat_maps._maps  # noqa: SLF001 - what it keeps is what is looked at
            if len(maps) > 1 and maps.size_bytes > self._scenario.bytes_max:
                self._record.faults.append(f"maps take {maps.size_bytes} bytes, and some should have left")
            kept = [one for event in self._known if (one := maps.get(event.id)) is not None]
            if maps.size_bytes != sum(one.size_bytes for one in kept):
                self._record.faults.append(f"maps take {maps.size_bytes} bytes, what has left counted in")
            if node.views.seat_maps._loads._loads:  # noqa: SLF001
                self._record.faults.append("a load was left behind")
            listening = sum(one.listening for one in self._record.followed)
            if len(self._nodes) == 1 and node.views.live_changes.listeners > listening:
                self._record.faults.append("a listener was left behind")
