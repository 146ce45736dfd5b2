"""A database of a few events in memory; each of its responses waits until the test releases it.

What `application.reading` does between a question and its answer depends on who else does something meanwhile. With
real tables that order is chance; here it is drawn.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from builders import ordered_ids
from holdfast.api.seats.seat_json import seat_tail
from holdfast.application.failures import ConnectionLost
from holdfast.application.identifiers import uuid7
from holdfast.application.reading.logged_change import CODES, STATUS_AFTER, LoggedChange
from holdfast.application.reading.seat_list import SeatList
from holdfast.application.reading.seat_map import SeatMap
from holdfast.application.reading.source import AddedSeats, Freshness
from holdfast.domain.booking.snapshot import ChangeKind, Changes, EventState, LogEntry, Mark
from holdfast.domain.booking.states import SeatStatus

BEGAN = datetime(2031, 1, 1, tzinfo=UTC)


@dataclass
class SimulatedEvent:
    """An event with its log, whose first entry created its seats."""

    id: UUID
    seats: list[UUID]
    log: list[LoggedChange] = field(default_factory=list)
    deleted: bool = False
    seats_after: list[int] = field(default_factory=list)
    """How many seats there were after each entry."""
    losses: int = 0

    @property
    def version(self) -> int:
        return len(self.log)

    def holders(self) -> dict[UUID, UUID | None]:
        """Return which reservation has each seat."""
        now: dict[UUID, UUID | None] = dict.fromkeys(self.seats)
        for entry in self.log:
            taken = STATUS_AFTER.get(entry.kind, SeatStatus.AVAILABLE) is not SeatStatus.AVAILABLE
            now.update(dict.fromkeys(entry.seat_ids, entry.mark.reservation_id if taken else None))
        return now

    def mark_at(self, version: int) -> Mark:
        return self.log[version - 1].mark if version else Mark(0, BEGAN)

    def statuses(self, version: int | None = None) -> dict[UUID, SeatStatus]:
        """Return the true statuses, computed from the log up to a version."""
        there = self.seats if version is None else self.seats[: self.seats_after[version - 1]]
        now = dict.fromkeys(there, SeatStatus.AVAILABLE)
        for entry in self.log[:version]:
            now.update(dict.fromkeys(entry.seat_ids, STATUS_AFTER.get(entry.kind, SeatStatus.AVAILABLE)))
        return now


class SimulatedSource:
    """`SeatMapSource` over simulated events."""

    def __init__(self, events: int, seats: int) -> None:
        self.events = {event_id: SimulatedEvent(event_id, ordered_ids(seats)) for event_id in ordered_ids(events)}
        self.lost: list[LoggedChange] = []
        self.loaded: list[tuple[int, bool]] = []
        self.grown: list[tuple[UUID, bool]] = []
        self.gates: list[asyncio.Future[None]] = []
        """Queries that wait for their responses."""
        self._clock = BEGAN
        for event in self.events.values():
            self.write(event.id, ChangeKind.SEATS_ADDED)

    def write(self, event_id: UUID, kind: ChangeKind, *places: int) -> None:
        """Append to an event's log."""
        event = self.events[event_id]
        self._clock += timedelta(microseconds=1)
        seat_ids = tuple(event.seats[place] for place in places)
        event.seats_after.append(len(event.seats))
        event.log.append(LoggedChange(Mark(event.version + 1, self._clock, kind, uuid7()), seat_ids))

    def add_seats(self, event_id: UUID, count: int) -> None:
        """Append seats to a chart."""
        self.events[event_id].seats += ordered_ids(count)
        self.write(event_id, ChangeKind.SEATS_ADDED)

    def lose(self, event_id: UUID, entries: int) -> None:
        """Remove entries from the end of a log, as a failover does; the first one and a deletion stay."""
        event = self.events[event_id]
        if event.deleted:
            return
        for _ in range(min(entries, len(event.log) - 1)):
            self.lost.append(event.log.pop())
            event.seats_after.pop()
            event.losses += 1
        del event.seats[event.seats_after[-1] :]

    def release(self, place: int, *, failing: bool = False) -> None:
        """Let one query have its response, or lose its connection."""
        if self.gates:
            gate = self.gates.pop(place % len(self.gates))
            if failing and not gate.done():
                gate.set_exception(ConnectionLost("simulated"))
            elif not gate.done():
                gate.set_result(None)

    async def freshness(self, known, *, entries_max):
        await self._gate()
        return [self._fresh(event_id, version, entries_max) for event_id, version in known]

    async def load(self, wanted, *, large):
        await self._gate()
        self.loaded.append((len(wanted), large))
        return [self._map(event_id, listed=listed) for event_id, listed in wanted]

    async def added_seats(self, event_id, *, after_seats, lists, large):
        await self._gate()
        self.grown.append((event_id, large))
        event = self.events.get(event_id)
        if event is None or event.deleted:
            return None
        added = event.seats[after_seats:]
        by_number = sorted(range(after_seats, len(event.seats)), key=number_at)
        heads = [a_head(event_id, event.seats[place], place) for place in by_number] if lists else []
        ids = b"".join(seat_id.bytes for seat_id in added)
        return AddedSeats(event.mark_at(event.version), ids, heads, by_number if lists else [])

    async def positions(self, seat_ids, event_ids, chart_edits):
        await self._gate()
        wanted = zip(seat_ids, event_ids, chart_edits, strict=True)
        return {
            seat_id: self.events[event_id].seats.index(seat_id)
            for seat_id, event_id, edits in wanted
            if edits == 0 and seat_id in self.events[event_id].seats
        }

    async def _gate(self) -> None:
        gate = asyncio.get_running_loop().create_future()
        self.gates.append(gate)
        await gate

    def _fresh(self, event_id: UUID, version: int | None, entries_max: int) -> Freshness | None:
        event = self.events.get(event_id)
        if event is None:
            return None
        known = event.version if version is None else min(version, event.version)
        free = list(event.statuses().values()).count(SeatStatus.AVAILABLE)
        changes = event.log[known : known + entries_max]
        return Freshness(
            event.version,
            event.mark_at(known),
            len(event.seats),
            free,
            event.deleted,
            overdue=False,
            changes=changes,
        )

    def _map(self, event_id: UUID, *, listed: bool) -> SeatMap | None:
        event = self.events.get(event_id)
        if event is None or event.deleted:
            return None
        holders = event.holders()
        made = SeatMap(
            event_id=event_id,
            mark=event.mark_at(event.version),
            ids=b"".join(seat_id.bytes for seat_id in event.seats),
            codes=bytes(CODES[status] for status in event.statuses().values()),
            holders=b"".join(bytes(16) if holders[one] is None else holders[one].bytes for one in event.seats),
            tail=seat_tail,
        )
        if listed:
            by_number = sorted(range(len(event.seats)), key=number_at)
            made.list = SeatList([a_head(event_id, event.seats[place], place) for place in by_number], by_number)
        return made


def changes_of(entry: LoggedChange, loaded: Mark) -> Changes:
    """Return the changes of a batch of one entry, as the process that committed it receives them."""
    logged = LogEntry(
        entry.version, ChangeKind(entry.kind), entry.mark.reservation_id, entry.seat_ids, entry.freed_seat_ids
    )
    state = EventState(UUID(int=0), entry.version, BEGAN, False, 0, 0, 0, 0, 0)
    return Changes(entry.mark.at, state, loaded.version, loaded, log=[logged])


def number_at(place: int) -> str:
    """Return numbers in another order than the chart's."""
    return f"{'CABD'[place % 4]}-{place}"


def a_head(event_id: UUID, seat_id: UUID, place: int) -> bytes:
    return f'{{"id":"{seat_id}","event_id":"{event_id}","seat_number":"{number_at(place)}","price":5,'.encode()


async def turns(count: int = 12) -> None:
    """Run the event loop until nothing can continue."""
    for _ in range(count):
        await asyncio.sleep(0)


async def until_quiet(source: SimulatedSource, action: Callable[[], Awaitable[object]]) -> None:
    """Do something, and answer every query at once until it is done."""
    task = asyncio.ensure_future(action())
    while not task.done():
        await turns()
        source.release(0)
    await task
