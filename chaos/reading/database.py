"""A database of a few events in memory, with its complete history: what was committed when, and what was lost.

It has its own simple rules for writes. A failover to a lagging standby, or a restored base backup, cuts off the end of
every log. Versions then continue from there with other entries.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

from chaos.reading.epochs import KEPT_BACK, Entry, Epoch, SimulatedEvent, Spell

BEGAN = datetime(2031, 1, 1, tzinfo=UTC)


class SimulatedDatabase:
    """Events, how they are written, and how the ends of their logs are lost."""

    def __init__(self, random: Random, clock: Callable[[], float]) -> None:
        self.events: dict[UUID, SimulatedEvent] = {}
        self.known: dict[UUID, SimulatedEvent] = {}
        """All events that ever existed, including those that a failover lost."""
        self.losses: list[float] = []
        """When the end of the logs was lost."""
        self._random = random
        self._clock = clock
        self._began = clock()
        self._skew = timedelta()
        self._last_at = BEGAN
        self._batch_at: datetime | None = None

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Use one time for all entries written inside the block, as in a batch."""
        self._batch_at = self.now()
        try:
            yield
        finally:
            self._batch_at = None

    def now(self) -> datetime:
        """Return the time of the database's clock; a new primary's may be behind."""
        if self._batch_at is not None:
            return self._batch_at
        at = BEGAN + timedelta(seconds=self._clock() - self._began) + self._skew
        # A transaction reads its time under the event's lock, so no two times of one server are the same.
        self._last_at = at = max(at, self._last_at + timedelta(microseconds=1))
        return at

    def new_id(self) -> UUID:
        """Make an id."""
        return UUID(int=self._random.getrandbits(128), version=4)

    def create_event(self, name: str, seats: int) -> SimulatedEvent:
        """Create an event; its seats, if any, are added at version 1."""
        at, created = self.now(), self._clock()
        event = SimulatedEvent(self.new_id(), at, created, name, epochs=[Epoch(created)])
        self.events[event.id] = self.known[event.id] = event
        if seats:
            self.add_seats(event, seats)
        return event

    def write(
        self,
        event: SimulatedEvent,
        kind: str,
        seats: Sequence[UUID] = (),
        *,
        reservation: UUID | None = None,
        name: str | None = None,
        price: int | None = None,
        edits: tuple[int, int] | None = None,
        hold_seconds: float = 600.0,
        joined: Sequence[UUID] = (),
        freed: Sequence[UUID] = (),
        kept: Sequence[UUID] = (),
        named: bool = True,
    ) -> Entry:
        """Append an entry to an event's log, visible at once."""
        at = self.now()
        if kind in ("cancelled", "expired"):
            in_channel = event.epochs[-1].in_channel()
            kept = [seat for seat in seats if seat in in_channel]
        entry = Entry(
            event.version + 1,
            at,
            kind,
            reservation,
            tuple(seats),
            tuple(event.chart),
            event.price if price is None else price,
            event.edits if edits is None else edits,
            event.name if name is None else name,
            self._clock(),
            at + timedelta(seconds=hold_seconds) if kind == "reserved" else None,
            tuple(joined),
            tuple(freed),
            tuple(kept),
            named,
        )
        event.log.append(entry)
        return entry

    def add_seats(self, event: SimulatedEvent, count: int, *, in_order: bool = True) -> Entry:
        """Append seats to a chart. Their ids are in ascending order, except when two nodes add seats."""
        new = [self.new_id() for _ in range(count)]
        new = sorted(new) if in_order else sorted(new, reverse=True)
        self._number(event, new)
        event.chart += new
        return self.write(event, "seats_added")

    def _number(self, event: SimulatedEvent, new: Sequence[UUID]) -> None:
        taken = set(event.numbers.values())
        for seat in new:
            # Seat numbers in another order than the chart's, and with quotes and non-ASCII characters.
            number = next(one for one in self._numbers() if one not in taken)
            taken.add(number)
            event.numbers[seat] = number

    def change_price(self, event: SimulatedEvent) -> Entry:
        """Set another price of the category that all seats have."""
        chart_edits, price_edits = event.edits
        price = event.price + self._random.randint(1, 9)
        return self.write(event, "categories_changed", price=price, edits=(chart_edits, price_edits + 1))

    def change_hall(self, event: SimulatedEvent) -> Entry:
        """Put another hall. Some seats go, others come, and all change their places, unless one was ever held.

        If one was, also if a failover lost that, the hall only grows.
        """
        chart_edits, price_edits = event.edits
        before = len(event.chart)
        in_use = any(entry.seats for epoch in event.epochs for entry in epoch.log)
        if not in_use:
            event.chart = [seat for seat in event.chart if self._random.random() < 0.8]
        new = [self.new_id() for _ in range(self._random.choice((0, 0, 1, 3)))]
        self._number(event, new)
        event.chart += new
        if not in_use:
            self._random.shuffle(event.chart)
        fewer = max(0, before - len(event.chart))
        return self.write(event, "hall_changed", edits=(chart_edits + 1 + fewer, price_edits))

    def keep_back(self, event: SimulatedEvent, seats: Sequence[UUID]) -> Entry:
        """Put seats into the channel. Those that are held or sold join once they are free."""
        taken = event.epochs[-1].taken(event.version)
        kept = [seat for seat in seats if seat not in taken]
        return self.write(event, "seats_kept_back", joined=seats, kept=kept)

    def give_back(self, event: SimulatedEvent, seats: Sequence[UUID]) -> Entry:
        """Take seats out of the channel."""
        return self._let_go(event, "seats_given_back", seats, named=True)

    def open_channel(self, event: SimulatedEvent) -> Entry:
        """Let the channel's seats be for everybody. It has none from then on."""
        seats = [seat for seat in event.chart if seat in event.epochs[-1].in_channel()]
        return self._let_go(event, "channel_opened", seats, named=self._random.random() < 0.5)

    def _let_go(self, event: SimulatedEvent, kind: str, seats: Sequence[UUID], *, named: bool) -> Entry:
        taken = event.epochs[-1].taken(event.version)
        freed = [seat for seat in seats if taken.get(seat) == KEPT_BACK]
        return self.write(event, kind, joined=seats, freed=freed, named=named)

    def _numbers(self) -> Iterator[str]:
        while True:
            row = self._random.choice(("A", "B", "Ä", '"', "東"))
            yield f"{row}-{self._random.randrange(1_000)}"

    def end_overdue(self, event: SimulatedEvent) -> list[Entry]:
        """Record the expiry of all overdue holds."""
        now = self.now()
        overdue = [made for made in event.holds().values() if made.expires_at is not None and made.expires_at <= now]
        return [self.write(event, "expired", made.seats, reservation=made.reservation) for made in overdue]

    def is_overdue(self, event: SimulatedEvent) -> bool:
        """Return whether a hold has expired without a record of it."""
        return any(self.has_run_out(made) for made in event.holds().values())

    def has_run_out(self, made: Entry) -> bool:
        """Return whether the time of a hold is over."""
        return self.seconds_overdue(made, self._clock()) >= 0

    def seconds_overdue(self, made: Entry, moment: float) -> float:
        """Return for how long a hold had been expired at a moment; negative if it had not."""
        now = BEGAN + timedelta(seconds=moment - self._began) + self._skew
        return -1.0 if made.expires_at is None else (now - made.expires_at).total_seconds()

    def archive(self, event: SimulatedEvent) -> None:
        """Let the log of an event leave for an archive; neither its version nor its chart changes."""
        event.spells.append(Spell(self._clock()))

    def restore(self, event: SimulatedEvent) -> None:
        """Bring the log of an archived event back, as it was."""
        event.spells[-1].ended = self._clock()

    def lose(self, seconds: float) -> None:
        """Fail over to a standby that lacks the commits of the last seconds; events created in them are gone."""
        now = self._clock()
        self.losses.append(now)
        self._skew += timedelta(seconds=self._random.choice((0.0, 0.0, 0.01, -0.01, -3.0)))
        self._last_at = BEGAN + timedelta(seconds=now - self._began) + self._skew
        for event in list(self.events.values()):
            old = event.epochs[-1]
            old.ended = now
            if event.created > now - seconds:
                del self.events[event.id]
                continue
            _lose_spells(event, now, now - seconds)
            kept = [entry for entry in old.log if entry.committed <= now - seconds]
            event.epochs.append(Epoch(now, log=kept))
            event.chart = list(event.epochs[-1].chart(len(kept)))


def _lose_spells(event: SimulatedEvent, now: float, lost_since: float) -> None:
    """Let an event be archived as it was before the loss; the archives and restores since then are gone."""
    was_archived = any(spell.began <= lost_since < spell.ended for spell in event.spells)
    if event.archived and not was_archived:
        event.spells[-1].ended = now
    elif was_archived and not event.archived:
        event.spells.append(Spell(now))
