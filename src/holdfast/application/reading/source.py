"""What the read side asks of the database, and the results."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from holdfast.application.reading.edits import NO_EDITS, Edits
from holdfast.application.reading.logged_change import LoggedChange
from holdfast.application.reading.seat_map import SeatMap
from holdfast.domain.booking.snapshot import Mark


@dataclass(frozen=True, slots=True)
class Freshness:
    """An event's row, and its log since the version that was already known."""

    version: int
    known: Mark
    """The state at the known version. If none was known, or the event has not reached it, the event's current state."""
    seats: int
    available: int
    deleted: bool
    overdue: bool
    """Whether a hold has run out without being recorded as expired."""
    changes: Sequence[LoggedChange]
    """What came after the known version, in order. If there is very much, only the first part of it."""
    edits: Edits = NO_EDITS
    published: bool = True
    """Whether everybody may see the event now."""
    archived: bool = False
    """Whether its log is in an archive. Then neither its states are known nor its changes."""

    @property
    def chart_version(self) -> int:
        """The version of the event's chart."""
        return self.edits.chart_version(self.seats)

    @property
    def head(self) -> Mark | None:
        """The event's current state; None if the log was not read that far."""
        last = self.changes[-1].mark if self.changes else self.known
        return last if last.version == self.version else None


@dataclass(frozen=True, slots=True)
class Standing:
    """The current state of an event according to its row, without its seats."""

    mark: Mark
    seats: int
    available: int
    overdue: bool = False
    edits: Edits = NO_EDITS
    archived: bool = False

    @property
    def chart_version(self) -> int:
        """The version of the event's chart."""
        return self.edits.chart_version(self.seats)

    @property
    def version(self) -> int:
        """The event's version."""
        return self.mark.version


@dataclass(frozen=True, slots=True)
class AddedSeats:
    """Seats that were added at the end of a chart, up to one state of the event."""

    until: Mark
    ids: bytes
    """In chart order, 16 bytes each."""
    heads: Sequence[bytes]
    """The constant part of each seat's JSON, by number."""
    positions: Sequence[int]
    """Their positions in the chart, in the order of `heads`."""


@dataclass(frozen=True, slots=True)
class ListPage:
    """Consecutive seats of an event's seat list."""

    heads: Sequence[bytes]
    positions: Sequence[int]
    last_number: str


class SeatMapSource(Protocol):
    """Reads maps. Every call may raise `ConnectionLost` and `Contended`."""

    async def freshness(self, known: Sequence[tuple[UUID, int | None]], *, entries_max: int) -> list[Freshness | None]:
        """Read what has changed in events since their known versions; None for an event that does not exist.

        Args:
            known: Events, each with the version that is known of it, if any.
            entries_max: The most log entries to return for each event.
        """
        ...

    async def load(self, wanted: Sequence[tuple[UUID, bool]], *, large: bool) -> list[SeatMap | None]:
        """Load maps in one snapshot, each with or without its list; None for an event that does not exist."""
        ...

    async def added_seats(self, event_id: UUID, *, after_seats: int, lists: bool, large: bool) -> AddedSeats | None:
        """Read the seats of a chart after its first `after_seats`; None if the event does not exist."""
        ...

    async def positions(
        self, seat_ids: Sequence[UUID], event_ids: Sequence[UUID], chart_edits: Sequence[int]
    ) -> dict[UUID, int]:
        """Read the positions of seats in the charts of their events.

        A seat is left out if its event's chart has meanwhile been edited more or less often than `chart_edits` says.
        """
        ...

    async def list_page(
        self, event_id: UUID, *, after_number: str, seats_max: int, chart_seats: int
    ) -> ListPage | None:
        """Read the next seats by number, among the first `chart_seats` of the chart; None if there are no more."""
        ...
