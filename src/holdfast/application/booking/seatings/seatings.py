"""The free seats of the events for which this process chooses seats."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

import structlog

from holdfast.application.booking.ports import BatchTransaction, LoggedStep, SeatingSource
from holdfast.application.booking.seatings.event_seats import EventSeats
from holdfast.application.coalescer import Coalescer
from holdfast.application.giving_way import give_way, in_steps
from holdfast.domain.booking.choosing.build import steps_of
from holdfast.domain.booking.choosing.free_seats import FreeSeats
from holdfast.domain.booking.commands import Command, Reserve
from holdfast.domain.booking.snapshot import Changes, Mark, Snapshot
from holdfast.telemetry import metrics

log = structlog.get_logger(__name__)

SEATS_MAX = 1_000_000
"""Seats of all events together whose free seats are kept. A seat takes about 60 bytes. The largest event is kept,
whatever its size."""
STEPS_MAX = 1_000
"""Entries of the log that are read under the event's lock. Seats that are further behind are loaded again."""
QUESTIONS_MAX = 1_000
"""Callers whom one call answers."""
SEATS_PER_TURN = 500
"""Seats marked as taken between two turns of the event loop: about half a millisecond's work."""


class Seatings:
    """Loads the free seats of events, keeps them, and brings them to the version that a batch has locked.

    They are loaded without the event's lock, so a large hall keeps no other buyer waiting. Under the lock only the
    entries are read that the log has got in the meantime. Batches of this process are applied when they are committed,
    so on a single node there is nothing to read.

    What is kept is never the proof that a seat is free. Were it wrong, the primary key of `claims` would refuse the
    batch, and the seats would be loaded again.
    """

    def __init__(self, source: SeatingSource, *, seats_max: int = SEATS_MAX) -> None:
        self._source = source
        self._seats_max = seats_max
        self._kept: OrderedDict[UUID, EventSeats] = OrderedDict()
        self._seats = 0
        self._loads: Coalescer[UUID, None, None] = Coalescer(self._load, questions_max=QUESTIONS_MAX)

    async def load(self, event_id: UUID) -> None:
        """Load the free seats of an event, unless they are kept. Those who ask meanwhile wait for that load.

        Raises:
            ConnectionLost, Contended: if they cannot be read.
        """
        if event_id not in self._kept:
            await self._loads.ask(event_id, None)

    async def attach(self, transaction: BatchTransaction, snapshot: Snapshot) -> Snapshot:
        """Add the free seats to a snapshot that was loaded under the event's lock, if they are kept.

        Raises:
            ConnectionLost, Contended: if the log cannot be read.
        """
        seats = self._kept.get(snapshot.event_id)
        if seats is None or snapshot.mark is None:
            return snapshot
        if seats.mark != snapshot.mark and not await self._catch_up(transaction, seats, snapshot.mark):
            self.drop(snapshot.event_id)
            return snapshot
        if not _agree(seats, snapshot):
            log.error("free_seats_wrong", event_id=str(snapshot.event_id), version=seats.mark.version)
            self.drop(snapshot.event_id)
            return snapshot
        self._kept.move_to_end(snapshot.event_id)
        return replace(snapshot, free_seats=seats.free)

    def committed(self, event_id: UUID, changes: Changes) -> None:
        """Apply a batch of this process if it follows on. If not, the next batch catches up."""
        seats = self._kept.get(event_id)
        if seats is None or seats.mark != changes.loaded_mark:
            return
        steps = [
            LoggedStep(
                Mark(entry.version, changes.at, entry.kind, entry.reservation_id), entry.seat_ids, entry.freed_seat_ids
            )
            for entry in changes.log
        ]
        if not seats.follow(steps):
            self.drop(event_id)

    def drop(self, event_id: UUID) -> None:
        """Forget the free seats of an event, because they are wrong or cannot be brought up to date."""
        seats = self._kept.pop(event_id, None)
        if seats is not None:
            self._seats -= seats.free.seating.seats

    async def _catch_up(self, transaction: BatchTransaction, seats: EventSeats, locked: Mark) -> bool:
        """Apply what the log has got since; return False if it cannot be followed.

        After a failover the log may have lost entries that were applied here. Then the version has gone back, or names
        another entry than the one that was applied.
        """
        known = seats.mark
        if not known.version < locked.version <= known.version + STEPS_MAX:
            return False
        steps = await transaction.log_from(seats.event_id, known.version)
        if known.version > 0:
            if not steps or steps[0].mark != known:
                return False
            steps = steps[1:]
        return seats.mark == known and seats.follow(steps) and seats.mark == locked

    async def _load(self, event_id: UUID, questions: Sequence[None]) -> Sequence[None]:
        if event_id in self._kept:  # since the load for those who asked before
            return questions
        chart = await self._source.chart(event_id)
        if chart is None:
            return questions
        seating = await in_steps(steps_of(chart.seats, chart.sections, chart.categories))
        free = FreeSeats.all_of(seating)
        for number, seat_id in enumerate(chart.taken, start=1):
            free.change(seat_id, free=False)
            if number % SEATS_PER_TURN == 0:
                await give_way()
        self.drop(event_id)
        self._keep(EventSeats(event_id, chart.mark, free))
        metrics.seatings_loaded_total.inc()
        return questions

    def _keep(self, seats: EventSeats) -> None:
        self._kept[seats.event_id] = seats
        self._seats += seats.free.seating.seats
        while self._seats > self._seats_max and len(self._kept) > 1:
            self.drop(next(iter(self._kept)))


def _agree(seats: EventSeats, snapshot: Snapshot) -> bool:
    """Return whether there are as many free seats as the event's row says. Counting them takes some microseconds."""
    return snapshot.event is not None and seats.free.count() == snapshot.event.available


def leaves_choice(commands: Sequence[Command]) -> bool:
    """Return whether any of the commands leaves the choice of seats to us."""
    return any(isinstance(command, Reserve) and command.best is not None for command in commands)
