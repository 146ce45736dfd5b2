"""The whole read side in a state machine that chooses who reads, who writes, what is lost, and the next response.

Unlike in the simulated runs (`test_simulated_runs.py`) no clock decides: every question and every answer of the
database waits until the machine lets it go, so that a failure shrinks to the few steps that it takes.
"""

import asyncio
from contextlib import suppress
from random import Random

import structlog
from chaos.reading.clients import Reader, hear, open_stream
from chaos.reading.clock import SimulatedLoop
from chaos.reading.database import SimulatedDatabase
from chaos.reading.history import write_something
from chaos.reading.node import Node
from chaos.reading.rules import judge
from chaos.reading.told import Following, Record
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from holdfast.application.failures import ConnectionLost, OperationalFailure

WHAT = ("list", "free", "count", "bits", "availability", "chart", "page")
NUMBERS = st.integers(0, 9)


class Gates:
    """Every query and every response waits here."""

    def __init__(self) -> None:
        self.waiting: list[asyncio.Future] = []
        self.open = False

    async def ask(self, _) -> None:
        if not self.open:
            gate = asyncio.get_running_loop().create_future()
            self.waiting.append(gate)
            await gate

    answer = ask

    def let_go(self, place: int, *, failing: bool) -> None:
        self.waiting = [gate for gate in self.waiting if not gate.done()]
        if self.waiting:
            gate = self.waiting.pop(place % len(self.waiting))
            if failing:
                gate.set_exception(ConnectionLost("drawn"))
            else:
                gate.set_result(None)


class ReadSide(RuleBasedStateMachine):
    """One node, two events, readers who may leave, and pages that come and go."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = SimulatedLoop()
        self.gates = Gates()
        self.record = Record()
        self.random = Random(0)
        self.reader = Reader()
        self.asking: list[asyncio.Task] = []
        self.others: list[asyncio.Task] = []
        self.pages: list[tuple[Following, asyncio.Task]] = []
        self.logs = structlog.testing.capture_logs()
        self.logged = self.logs.__enter__()

    def run(self, coroutine):
        return self.loop.run_until_complete(coroutine)

    def step(self, seconds: float = 0.0) -> None:
        """Run the event loop until nothing can continue."""
        for _ in range(12):
            self.run(asyncio.sleep(0))
        if seconds:
            self.run(asyncio.sleep(seconds))

    @initialize(seed=st.integers(0, 999), seats=st.sampled_from([0, 1, 4, 6]), bytes_max=st.sampled_from([1, 1 << 24]))
    def begin(self, seed, seats, bytes_max):
        self.random = Random(seed)
        self.database = SimulatedDatabase(self.random, self.loop.time)
        for number in range(2):
            self.database.create_event(f"event {number}", seats)
        self.events = list(self.database.events.values())
        self.bytes_max = bytes_max
        self.step(10.0)

        async def made():
            return Node(self.database, self.gates, bytes_max=bytes_max)

        self.node = self.run(made())

    @rule(what=st.sampled_from(WHAT), place=st.integers(0, 1), revalidates=st.booleans())
    def ask(self, what, place, revalidates):
        self.asking.append(self.loop.create_task(self._ask(what, place, revalidates)))
        self.step()

    @rule(what=st.sampled_from(WHAT), place=st.integers(0, 1), revalidates=st.booleans())
    def ask_and_be_answered(self, what, place, revalidates):
        self.ask(what, place, revalidates)
        while not self.asking[-1].done():
            self.gates.let_go(0, failing=False)
            self.step(0.002)

    @rule(place=NUMBERS)
    def leave_while_asking(self, place):
        waiting = [task for task in self.asking if not task.done()]
        if waiting:
            waiting[place % len(waiting)].cancel()
            self.step()

    @rule(place=st.integers(0, 1))
    def another_node_writes(self, place):
        event = self.events[place]
        if not event.deleted:
            with self.database.batch():
                write_something(self.database, event, self.random, hold_seconds=3.0, may_end=place == 1)

    @rule(place=st.integers(0, 1))
    def this_node_writes(self, place):
        event = self.events[place]
        self.others.append(self.loop.create_task(self._write(event, may_end=place == 1)))
        self.step()

    @rule(seconds=st.sampled_from([0.002, 0.02, 0.3, 5.0]))
    def lose_the_end(self, seconds):
        self.database.lose(seconds)

    @rule(place=NUMBERS, failing=st.sampled_from([False, False, False, True]))
    def let_one_go(self, place, failing):
        self.gates.let_go(place, failing=failing)
        self.step()

    @rule(seconds=st.sampled_from([0.002, 0.11, 1.0]))
    def pass_time(self, seconds):
        self.step(seconds)

    @rule(place=st.integers(0, 1))
    def open_page(self, place):
        following = Following(self.events[place].id, self.loop.time())
        self.record.followed.append(following)
        self.pages.append((following, self.loop.create_task(self._follow(following))))
        self.step()

    @rule(place=NUMBERS, returns=st.booleans())
    def close_page(self, place, returns):
        if self.pages:
            following, task = self.pages.pop(place % len(self.pages))
            task.cancel()
            self.step()
            following.listening = False
            if returns and not following.over:
                self.pages.append((following, self.loop.create_task(self._follow(following))))
            self.step()

    @invariant()
    def memory_is_bounded(self):
        kept = self.node.views.seat_maps._maps
        assert len(kept) <= 1 or kept.size_bytes <= self.bytes_max

    def teardown(self):
        try:
            self._end()
        finally:
            self.logs.__exit__(None, None, None)
            self.loop.close()

    def _end(self) -> None:
        if not hasattr(self, "node"):
            return
        self.gates.open = True
        while self.gates.waiting:
            self.gates.let_go(0, failing=False)
        self.run(_all(*self.asking, *self.others))
        for what in WHAT:
            for place in (0, 1):
                self.run(self._ask(what, place, True))
        self.step(3.0)
        self.record.ended = self.loop.time()
        listening = sum(following.listening for following, _ in self.pages)
        assert self.node.views.live_changes.listeners <= listening
        assert not self.node.views.seat_maps._loads._loads, "no load is forgotten"
        self.node.views.live_changes.close()
        self.run(_all(*(task for _, task in self.pages)))
        self.step(1.0)
        assert asyncio.all_tasks(self.loop) == set(), "no task is left"
        assert [line for line in self.logged if line["log_level"] == "error"] == []
        assert judge(self.database, self.record) == []

    async def _ask(self, what: str, place: int, revalidates: bool) -> None:
        event = None if what == "page" else self.events[place].id
        self.record.told.append(await self.reader.ask(self.node, what, event, revalidates=revalidates))

    async def _write(self, event, *, may_end: bool) -> None:
        with suppress(OperationalFailure):
            await self.node.write(
                event, lambda: write_something(self.database, event, self.random, hold_seconds=3.0, may_end=may_end)
            )

    async def _follow(self, following: Following) -> None:
        following.listening = False
        stream = await open_stream(self.node, following)
        if stream is not None:
            following.listening = True
            try:
                await hear(stream, following)
            finally:
                stream.stop()


async def _all(*tasks) -> None:
    await asyncio.gather(*tasks, return_exceptions=True)


TestReadSide = ReadSide.TestCase
TestReadSide.settings = settings(max_examples=40, stateful_step_count=40, phases=[Phase.reuse, Phase.generate])
