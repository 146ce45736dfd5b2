"""The read side's queries, answered from a simulated database exactly as PostgreSQL's statements would.

`tests/reading/test_simulated_source.py` runs the same queries on both with the same history, and compares. Each answer
shows one moment between the query and the answer's arrival, as that of a statement does. The `Pace` decides how long
both take, and what fails.
"""

import json
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from chaos.reading.database import SimulatedDatabase
from chaos.reading.epochs import Entry, SimulatedEvent
from holdfast.api.seats.seat_json import seat_tail
from holdfast.application.reading.edits import Edits
from holdfast.application.reading.logged_change import LoggedChange
from holdfast.application.reading.ports import Chart
from holdfast.application.reading.seat_list import SeatList
from holdfast.application.reading.seat_map import SeatMap
from holdfast.application.reading.source import AddedSeats, Freshness, ListPage
from holdfast.domain.booking.snapshot import Mark
from holdfast.domain.catalogue.event import Event, EventDetails

CATEGORY = "std"
"""The key of the category that all seats have."""
_CODES = {"reserved": 1, "confirmed": 2, "kept": 3}


class Pace(Protocol):
    """How long queries and answers take."""

    async def ask(self, events: Sequence[UUID]) -> None:
        """Wait until a query has arrived.

        Raises:
            ConnectionLost, Contended: if it is lost, or fails.
        """
        ...

    async def answer(self, events: Sequence[UUID]) -> None:
        """Wait until an answer has arrived.

        Raises:
            ConnectionLost: if it is lost.
        """
        ...


class SimulatedSource:
    """`SeatMapSource`, `Charts`, and of `Reads` the list of events."""

    def __init__(self, database: SimulatedDatabase, pace: Pace) -> None:
        self._database = database
        self._pace = pace

    async def freshness(self, known: Sequence[tuple[UUID, int | None]], *, entries_max: int) -> list[Freshness | None]:
        """Return the standings of events, with their logs since the known versions."""
        asked = [event_id for event_id, _ in known]
        await self._pace.ask(asked)
        found = [self._fresh(event_id, version, entries_max) for event_id, version in known]
        await self._pace.answer(asked)
        return found

    async def load(self, wanted: Sequence[tuple[UUID, bool]], *, large: bool) -> list[SeatMap | None]:  # noqa: ARG002
        """Load maps."""
        asked = [event_id for event_id, _ in wanted]
        await self._pace.ask(asked)
        found = [self._map(event_id, listed=listed) for event_id, listed in wanted]
        await self._pace.answer(asked)
        return found

    async def added_seats(
        self,
        event_id: UUID,
        *,
        after_seats: int,
        lists: bool,
        large: bool,  # noqa: ARG002
    ) -> AddedSeats | None:
        """Read the seats that were added after the given number."""
        await self._pace.ask([event_id])
        found = None
        event = self._live(event_id)
        if event is not None:
            added = range(after_seats, len(event.chart))
            heads, places = listing(event, added) if lists else ([], [])
            ids = b"".join(event.chart[place].bytes for place in added)
            found = AddedSeats(mark_at(event, event.version), ids, heads, places)
        await self._pace.answer([event_id])
        return found

    async def positions(
        self, seat_ids: Sequence[UUID], event_ids: Sequence[UUID], chart_edits: Sequence[int]
    ) -> dict[UUID, int]:
        """Find the places of seats in charts that have been edited so many times."""
        await self._pace.ask(event_ids)
        found = {}
        for seat, event_id, edits in zip(seat_ids, event_ids, chart_edits, strict=True):
            event = self._database.events.get(event_id)
            if event is not None and event.edits[0] == edits and seat in event.chart:
                found[seat] = event.chart.index(seat)
        await self._pace.answer(event_ids)
        return found

    async def list_page(
        self, event_id: UUID, *, after_number: str, seats_max: int, chart_seats: int
    ) -> ListPage | None:
        """Read the next seats by number."""
        await self._pace.ask([event_id])
        event = self._database.events.get(event_id)
        places = [] if event is None else range(min(chart_seats, len(event.chart)))
        found = None
        if event is not None:
            later = sorted(
                (event.numbers[event.chart[place]], place)
                for place in places
                if event.numbers[event.chart[place]] > after_number
            )[:seats_max]
            if later:
                heads = [head(event, place) for _, place in later]
                found = ListPage(heads, [place for _, place in later], later[-1][0])
        await self._pace.answer([event_id])
        return found

    async def mark(self, event_id: UUID, version: int) -> Mark | None:
        """Return the mark of a version."""
        await self._pace.ask([event_id])
        event = self._database.events.get(event_id)
        is_known = event is not None and not event.archived and 0 < version <= event.version
        found = mark_at(event, version) if event is not None and is_known else None
        await self._pace.answer([event_id])
        return found

    async def chart(self, event_id: UUID, *, large: bool) -> Chart | None:  # noqa: ARG002
        """Read a chart."""
        await self._pace.ask([event_id])
        event = self._live(event_id)
        found = None
        if event is not None:
            columns: dict[str, list[object]] = {
                "ids": [str(seat) for seat in event.chart],
                "seat_numbers": [event.numbers[seat] for seat in event.chart],
                "sections": [None] * len(event.chart),
                "rows": [None] * len(event.chart),
                "prices": [event.price] * len(event.chart),
                **({"categories": [CATEGORY] * len(event.chart)} if event.chart else {}),
            }
            written = {name: json.dumps(values, ensure_ascii=False).encode() for name, values in columns.items()}
            own_prices = json.dumps([None] * len(event.chart)).encode() if event.chart else None
            edits = Edits(*event.edits)
            found = Chart(mark_at(event, event.version), len(event.chart), written, edits, own_prices)
        await self._pace.answer([event_id])
        return found

    async def events(
        self,
        *,
        limit: int,
        offset: int,
        drafts_of: AbstractSet[UUID] | None = frozenset(),  # noqa: ARG002 - it has no drafts
    ) -> list[Event]:
        """List events, newest created first."""
        await self._pace.ask([])
        found = [_shown(event) for event in self._listed()[offset : offset + limit]]
        await self._pace.answer([])
        return found

    async def events_of(self, organiser_ids: AbstractSet[UUID], *, limit: int, offset: int) -> list[Event]:
        """List the events of some organisers; all simulated events are of one."""
        return await self.events(limit=limit, offset=offset) if organiser_ids else []

    async def event_stamps(
        self,
        *,
        limit: int,
        offset: int,
        drafts_of: AbstractSet[UUID] | None = frozenset(),  # noqa: ARG002 - it has no drafts
    ) -> list[tuple[UUID, datetime]]:
        """List the same events with their last edits."""
        await self._pace.ask([])
        found = [(event.id, event.updated_at) for event in self._listed()[offset : offset + limit]]
        await self._pace.answer([])
        return found

    def _listed(self) -> list[SimulatedEvent]:
        live = [event for event in self._database.events.values() if not event.deleted]
        return sorted(live, key=lambda event: (event.created_at, event.id), reverse=True)

    def _live(self, event_id: UUID) -> SimulatedEvent | None:
        event = self._database.events.get(event_id)
        return None if event is None or event.deleted or event.archived else event

    def _fresh(self, event_id: UUID, version: int | None, entries_max: int) -> Freshness | None:
        event = self._database.events.get(event_id)
        if event is None:
            return None
        if event.archived:
            return self._fresh_of_archived(event)
        known = event.version if version is None else min(version, event.version)
        changes = [logged(entry) for entry in event.log[known : known + entries_max]]
        return Freshness(
            event.version,
            mark_at(event, known),
            len(event.chart),
            len(event.chart) - len(event.epochs[-1].taken(event.version)),
            event.deleted,
            self._database.is_overdue(event),
            changes,
            Edits(*event.edits),
        )

    def _fresh_of_archived(self, event: SimulatedEvent) -> Freshness:
        """Its row is there, and its log is not, so the creation stands in for the state that is asked about."""
        taken = len(event.epochs[-1].taken(event.version))
        return Freshness(
            event.version,
            Mark(0, event.created_at),
            len(event.chart),
            len(event.chart) - taken,
            event.deleted,
            overdue=False,
            changes=[],
            edits=Edits(*event.edits),
            archived=True,
        )

    def _map(self, event_id: UUID, *, listed: bool) -> SeatMap | None:
        event = self._live(event_id)
        if event is None:
            return None
        taken = event.epochs[-1].taken(event.version)
        made = SeatMap(
            event_id=event_id,
            mark=mark_at(event, event.version),
            ids=b"".join(seat.bytes for seat in event.chart),
            codes=bytes(_CODES[taken[seat][0]] if seat in taken else 0 for seat in event.chart),
            holders=b"".join(taken[seat][1].bytes if seat in taken else bytes(16) for seat in event.chart),
            tail=seat_tail,
            edits=Edits(*event.edits),
        )
        made.overdue = self._database.is_overdue(event)
        if listed:
            made.list = SeatList(*listing(event, range(len(event.chart))))
        return made


def logged(entry: Entry) -> LoggedChange:
    """Return an entry as the read side follows it."""
    mark = Mark(entry.version, entry.at, entry.kind, entry.reservation)
    named = entry.named
    return LoggedChange(mark, entry.seats, entry.freed if named else None, entry.kept if named else None)


def mark_at(event: SimulatedEvent, version: int) -> Mark:
    """Return the mark of an event's version."""
    return logged(event.log[version - 1]).mark if version else Mark(0, event.created_at)


def listing(event: SimulatedEvent, places: range) -> tuple[list[bytes], list[int]]:
    """Return the constant part of some seats' JSON, by number, and their positions."""
    by_number = sorted(places, key=lambda place: event.numbers[event.chart[place]])
    return [head(event, place) for place in by_number], by_number


def head(event: SimulatedEvent, place: int) -> bytes:
    """Write the constant part of a seat's JSON."""
    seat = event.chart[place]
    number = json.dumps(event.numbers[seat], ensure_ascii=False)
    start = f'{{"id":"{seat}","event_id":"{event.id}","seat_number":{number},'
    return f'{start}"price":{event.price},"category":"{CATEGORY}",'.encode()


def _shown(event: SimulatedEvent) -> Event:
    start_at = event.created_at + timedelta(days=30)
    details = EventDetails(
        name=event.name, description="", venue="", start_at=start_at, end_at=start_at, total_seats=1_000
    )
    taken = [status for status, _ in event.epochs[-1].taken(event.version).values() if status != "kept"]
    return Event(
        id=event.id,
        details=details,
        created_at=event.created_at,
        updated_at=event.updated_at,
        version=event.version,
        available=len(event.chart) - len(taken),
        reserved=taken.count("reserved"),
        confirmed=taken.count("confirmed"),
        deleted=event.deleted,
        archived=event.archived,
    )
