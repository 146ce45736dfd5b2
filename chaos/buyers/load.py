"""Virtual buyers: what they want, what they do after each answer, and for how long no write was acknowledged."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count, pairwise
from pathlib import Path
from random import Random

from chaos.buyers.caller import Caller, NoAnswerError, NotSentError, Target
from chaos.buyers.client import Client, Seen, Tally, Wish
from chaos.buyers.sale import Sale
from chaos.histories.history import Kind, Recorder
from chaos.histories.operation import ANY_SEAT

SETTLE_SECONDS_MAX = 25.0
_RETRY_PAUSE_SECONDS = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """How buyers behave; shares are between 0 and 1."""

    hot_seats: int = 40
    """Half of the requests are for these first seats, so that buyers compete for them."""
    seats_max: int = 3
    chooses: float = 0.0
    """Share of the requests that leave the choice of seats to Holdfast."""
    confirms: float = 0.15
    by_seller: float = 0.0
    """Share of the confirmations that the seller makes."""
    leaves: float = 0.1
    """Share of the holds made; the others are cancelled."""
    changes: float = 0.0
    """Share of the holds made that get other seats and a later end, and of those that are cancelled, which the seller
    releases."""
    replays: float = 0.05
    reuses_key: float = 0.01
    meddles: float = 0.05
    """Confirms or cancels any reservation that it knows of, whatever its state."""
    reads: float = 0.5
    lists: bool = True
    """Reads the whole list of seats, which names no reservations where callers are known."""
    pause_seconds: float = 0.01
    names_code_of: str = ""
    """A channel whose code every second buyer names; empty for none."""


@dataclass(slots=True)
class Load:
    """The buyers of one run. They share a recorder, a random source, and what they know of each other's wishes."""

    targets: list[Target]
    sales: Sequence[Sale]
    """A buyer picks one of them for each operation."""
    recorder: Recorder
    random: Random
    habits: Habits
    tally: Tally
    numbers: "count[int]"
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    wishes: list[Wish] = field(default_factory=list)
    known: list[tuple[str, str, str]] = field(default_factory=list)
    """Reservations, their users and their events."""
    unsettled: list[Wish] = field(default_factory=list)
    _keys: "count[int]" = field(default_factory=count)

    @property
    def sale(self) -> Sale:
        """The first sale, or the only one."""
        return self.sales[0]

    def client(self, *targets: Target) -> Client:
        """Create another client, for the same targets as the others or for those given."""
        return Client(list(targets) or self.targets, self.recorder, self.tally, self.numbers, self.random)

    def beside(self, sales: Sequence[Sale], *, targets: Sequence[Target] = (), habits: Habits | None = None) -> "Load":
        """Create another group of buyers in the same history, whose answers are counted separately."""
        asked = list(targets) or self.targets
        habits = habits or self.habits
        return Load(asked, sales, self.recorder, self.random, habits, Tally(), self.numbers, _keys=self._keys)

    def wish(self, user: str, seats: tuple[str, ...] | None = None) -> Wish:
        """Make a wish with a new key, for these seats of the first sale or for some seats of any sale."""
        sale = self.sale if seats else self.random.choice(self.sales)
        return Wish(sale.event, user, f"key-{next(self._keys)}", seats or self._some_seats(sale))

    def wish_of(self, sale: Sale, user: str, seats: tuple[str, ...]) -> Wish:
        """Make up a wish with a new key for these seats."""
        return Wish(sale.event, user, f"key-{next(self._keys)}", seats)

    async def live(self, number: int) -> None:
        """Buy until told to stop."""
        channel = self.habits.names_code_of
        client, user = self.client(), f"buyer-{number}" + (f"~{channel}" if channel and number % 2 else "")
        try:
            while not self.stopping.is_set():
                await self._round(client, user)
                await asyncio.sleep(self.habits.pause_seconds * self.random.uniform(0.5, 1.5))
        finally:
            client.close()

    async def settle(self) -> int:
        """Retry every wish whose outcome is unknown, with the same key; returns how many stay unknown.

        The contract tells clients to do this. Each is retried until there is a definite answer.
        """
        deadline = time.monotonic() + SETTLE_SECONDS_MAX
        client = self.client()
        try:
            while self.unsettled and time.monotonic() < deadline:
                wish = self.unsettled[-1]
                if (await client.reserve(wish)).outcome == "info":
                    await asyncio.sleep(_RETRY_PAUSE_SECONDS)
                else:
                    self.unsettled.pop()
        finally:
            client.close()
        return len(self.unsettled)

    async def _round(self, client: Client, user: str) -> None:
        dice, habits = self.random.random(), self.habits
        if self.known and dice < habits.meddles:
            reservation, owner, event = self.random.choice(self.known[-200:])
            await client.resolve(
                self._confirming() if dice < habits.meddles / 2 else "cancel", event, owner, reservation
            )
            return
        wish = self.wish(user)
        if self.wishes and dice < habits.meddles + habits.replays:
            wish = self.random.choice(self.wishes[-100:])
        elif self.wishes and dice < habits.meddles + habits.replays + habits.reuses_key:
            earlier = self.random.choice(self.wishes[-100:])
            sale = next(sale for sale in self.sales if sale.event == earlier.event)
            wish = Wish(earlier.event, earlier.user, earlier.key, self._some_seats(sale))
        self.wishes.append(wish)
        seen = await self._insist(client, wish)
        if seen.answer == "created":
            await self._go_on(client, wish, seen)
        elif self.random.random() < habits.reads:
            await self._read(client, user)

    async def _insist(self, client: Client, wish: Wish) -> Seen:
        """Reserve. While the outcome is unknown, retry with the same key, on any node."""
        tries = 1
        while (seen := await client.reserve(wish)).outcome == "info" and tries < 4 and not self.stopping.is_set():
            tries += 1
            await asyncio.sleep(_RETRY_PAUSE_SECONDS)
        if seen.outcome == "info":
            self.unsettled.append(wish)
        return seen

    async def _go_on(self, client: Client, wish: Wish, made: Seen) -> None:
        event, user, habits, reservation = wish.event, wish.user, self.habits, made.reservation
        self.known.append((reservation, user, event))
        if habits.changes and self.random.random() < habits.changes:
            await self._change(client, wish, made)
        if self.random.random() < habits.reads:
            await self._read(client, user, reservation, event)
        dice = self.random.random()
        if dice < habits.leaves:
            return
        verb = self._confirming() if dice < habits.leaves + habits.confirms else "cancel"
        if verb == "cancel" and habits.changes and self.random.random() < habits.changes:
            await client.release(event, user, reservation)
            return
        seen = await client.resolve(verb, event, user, reservation)
        if seen.outcome == "info" and not self.stopping.is_set():
            await client.resolve(verb, event, user, reservation)

    async def _change(self, client: Client, wish: Wish, made: Seen) -> None:
        """Change the seats of a hold and extend it, each a second time if the outcome is unknown."""
        sale = next(sale for sale in self.sales if sale.event == wish.event)
        other = Wish(wish.event, wish.user, wish.key, self._some_seats(sale))
        if (await client.change_seats(other, made.reservation)).outcome == "info":
            await client.change_seats(other, made.reservation)
        known = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=made.expires_at_us)
        if (await client.extend(wish.event, wish.user, made.reservation, known)).outcome == "info":
            await client.extend(wish.event, wish.user, made.reservation, known)

    def _confirming(self) -> Kind:
        by_seller = self.habits.by_seller and self.random.random() < self.habits.by_seller
        return "sell" if by_seller else "confirm"

    async def _read(self, client: Client, user: str, reservation: str = "", event: str = "") -> None:
        dice = self.random.random()
        if reservation and dice < 0.5:
            await client.read_reservation(event, user, reservation)
            return
        sale = self.random.choice(self.sales)
        if dice < 0.85:
            await client.read_seat(sale.event, self.random.choice(sale.seats))
        elif dice < 0.97 or not self.habits.lists:
            await client.read_count(sale.event)
        else:
            await client.read_list(sale.event)

    def _some_seats(self, sale: Sale) -> tuple[str, ...]:
        wanted = self.random.randint(1, self.habits.seats_max)
        if self.habits.chooses and self.random.random() < self.habits.chooses:
            return (ANY_SEAT,) * wanted
        hot = self.random.random() < 0.5
        among = sale.seats[: max(wanted, self.habits.hot_seats)] if hot else sale.seats
        return tuple(self.random.sample(among, wanted))


@asynccontextmanager
async def buying(load: Load, *, buyers: int) -> AsyncIterator[None]:
    """Have buyers buy inside the block. At its end they finish their current operations.

    An exception in a buyer is a bug in this harness and is raised.
    """
    tasks = [asyncio.create_task(load.live(number)) for number in range(buyers)]
    try:
        yield
    finally:
        load.stopping.set()
        await asyncio.gather(*tasks)


def new_load(
    targets: list[Target], sales: Sequence[Sale], history: Path, *, seed: object, habits: Habits | None = None
) -> Load:
    """Set up the load of one run, recorded into `history`."""
    return Load(
        targets=targets,
        sales=sales,
        recorder=Recorder(history),
        random=Random(str(seed)),  # noqa: S311 - the same seed, the same wishes
        habits=habits or Habits(),
        tally=Tally(),
        numbers=count(),
    )


def longest_gap_seconds(writes: Sequence[tuple[int, int]], began_ns: int, ended_ns: int) -> float:
    """Return the longest time without an acknowledged write, counting the start and the end of the run."""
    moments = sorted(returned for _, returned in writes if began_ns <= returned <= ended_ns)
    edges = [began_ns, *moments, ended_ns]
    return max(after - before for before, after in pairwise(edges)) / 1e9


def seconds_until_write(writes: Sequence[tuple[int, int]], since_ns: int) -> float | None:
    """Return the time from a moment to the first acknowledgement of a write that was requested after it."""
    back = min((returned for called, returned in writes if called >= since_ns), default=None)
    return None if back is None else (back - since_ns) / 1e9


async def until(condition: Callable[[], Awaitable[bool]], seconds: float) -> bool:
    """Wait until an async condition is true; False on time-out."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if await condition():
            return True
        await asyncio.sleep(0.05)
    return False


async def until_true(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait until a condition is true; False on time-out."""

    async def asked() -> bool:
        return condition()

    return await until(asked, seconds)


async def answers(target: Target, path: str, status: int = 200, *, seconds_max: float = 3.0) -> bool:
    """Return whether a page answers with this status."""
    try:
        async with Caller(target, seconds_max=seconds_max) as caller:
            return (await caller.call("GET", path)).status == status
    except (NotSentError, NoAnswerError):
        return False
