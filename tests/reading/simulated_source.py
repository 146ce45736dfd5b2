"""A database of a few events in memory, whose every answer waits until the test lets it go.

What `application.reading` does between a question and its answer depends on who else does something meanwhile. With
real tables that order is chance; here it is drawn.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from builders import ordered_ids
from holdfast.api.seat_json import ContractSeatJson
from holdfast.application.failures import ConnectionLost
from holdfast.application.identifiers import uuid7
from holdfast.application.reading.seat_map import STATUS_AFTER, LoggedChange, SeatMap
from holdfast.application.reading.seat_maps import Freshness
from holdfast.domain.seat import Seat
from holdfast.domain.snapshot import ChangeKind, Mark
from holdfast.domain.states import SeatStatus

BEGAN = datetime(2031, 1, 1, tzinfo=UTC)


@dataclass
class SimulatedEvent:
    """An event with its log, whose first entry made its seats."""

    id: UUID
    seats: list[UUID]
    log: list[LoggedChange] = field(default_factory=list)
    deleted: bool = False

    @property
    def version(self) -> int:
        return len(self.log)

    def mark_at(self, version: int) -> Mark:
        return self.log[version - 1].mark if version else Mark(0, BEGAN)

    def statuses(self, version: int | None = None) -> dict[UUID, SeatStatus]:
        """The truth, made from the log up to a version."""
        now = dict.fromkeys(self.seats, SeatStatus.AVAILABLE)
        for entry in self.log[:version]:
            now.update(dict.fromkeys(entry.seat_ids, STATUS_AFTER.get(entry.kind, SeatStatus.AVAILABLE)))
        return now


class SimulatedSource:
    """`SeatMapSource` over simulated events."""

    def __init__(self, events: int, seats: int) -> None:
        self.events = {event_id: SimulatedEvent(event_id, ordered_ids(seats)) for event_id in ordered_ids(events)}
        self.lost: list[LoggedChange] = []
        self.gates: list[asyncio.Future[None]] = []
        """Questions that wait for their answers."""
        self._clock = BEGAN
        for event in self.events.values():
            self.write(event.id, ChangeKind.SEATS_ADDED)

    def write(self, event_id: UUID, kind: ChangeKind, *places: int) -> None:
        """Append to an event's log."""
        event = self.events[event_id]
        self._clock += timedelta(microseconds=1)
        seat_ids = tuple(event.seats[place] for place in places)
        event.log.append(LoggedChange(Mark(event.version + 1, self._clock, kind, uuid7()), seat_ids))

    def lose(self, event_id: UUID, entries: int) -> None:
        """Take entries off the end of a log, as a failover does; those that made seats and deletions stay."""
        log = self.events[event_id].log
        while entries and log[-1].kind in STATUS_AFTER:
            self.lost.append(log.pop())
            entries -= 1

    def release(self, place: int, *, failing: bool = False) -> None:
        """Let one question have its answer, or lose its connection."""
        if self.gates:
            gate = self.gates.pop(place % len(self.gates))
            if failing and not gate.done():
                gate.set_exception(ConnectionLost("simulated"))
            elif not gate.done():
                gate.set_result(None)

    async def freshness(self, known):
        await self._gate()
        return [self._fresh(event_id, version) for event_id, version in known]

    async def load(self, event_id: UUID, *, json_seats_max: int) -> SeatMap | None:
        await self._gate()
        event = self.events.get(event_id)
        if event is None or event.deleted:
            return None
        made = SeatMap(
            event_id=event_id,
            mark=event.mark_at(event.version),
            seats=len(event.seats),
            json=ContractSeatJson() if json_seats_max else None,
        )
        for place, (seat_id, status) in enumerate(event.statuses().items()):
            made.add(place, a_seat(event_id, seat_id, place, status))
        made.complete()
        return made

    async def _gate(self) -> None:
        gate = asyncio.get_running_loop().create_future()
        self.gates.append(gate)
        await gate

    def _fresh(self, event_id: UUID, version: int) -> Freshness | None:
        event = self.events.get(event_id)
        if event is None:
            return None
        known = event.mark_at(min(version, event.version))
        return Freshness(event.version, known, event.deleted, overdue=False, changes=event.log[version:])


def a_seat(event_id: UUID, seat_id: UUID, place: int, status: SeatStatus) -> Seat:
    return Seat(
        id=seat_id,
        event_id=event_id,
        seat_number=f"A-{place:03}",
        section=None,
        row=None,
        price=5,
        status=status,
        reserved_by=None if status is SeatStatus.AVAILABLE else seat_id,
    )


async def turns(count: int = 12) -> None:
    """Let everything go on that can."""
    for _ in range(count):
        await asyncio.sleep(0)


async def until_quiet(source: SimulatedSource, action: Callable[[], Awaitable[object]]) -> None:
    """Do something, and let every question have its answer at once until it is done."""
    task = asyncio.ensure_future(action())
    while not task.done():
        await turns()
        source.release(0)
    await task
