"""What the read side asks of the database, and what it is told."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from holdfast.application.reading.seat_map import LoggedChange, SeatMap
from holdfast.domain.booking.snapshot import Mark


@dataclass(frozen=True, slots=True)
class Freshness:
    """An event's row, and its log from the version on that was known."""

    version: int
    known: Mark
    """What the known version means now; where none was known, or the event has not come so far, the event's version."""
    seats: int
    available: int
    deleted: bool
    overdue: bool
    """A hold has run out and is not recorded as expired."""
    changes: Sequence[LoggedChange]
    """What came after the known version, in order; not all of it where there is very much."""

    @property
    def head(self) -> Mark | None:
        """What the event's version means; None where the log was not read so far."""
        last = self.changes[-1].mark if self.changes else self.known
        return last if last.version == self.version else None


@dataclass(frozen=True, slots=True)
class Standing:
    """How an event stands, by its row: what can be told of it without its seats."""

    mark: Mark
    seats: int
    available: int
    overdue: bool = False

    @property
    def version(self) -> int:
        """The event's version."""
        return self.mark.version


@dataclass(frozen=True, slots=True)
class AddedSeats:
    """Seats that were added to the end of a chart, up to a state of the event."""

    until: Mark
    ids: bytes
    """In chart order, 16 bytes each."""
    heads: Sequence[bytes]
    """The part of each seat's JSON that never changes, by number."""
    positions: Sequence[int]
    """Their places in the chart, in the order of `heads`."""


@dataclass(frozen=True, slots=True)
class ListPage:
    """A stretch of an event's seat list."""

    heads: Sequence[bytes]
    positions: Sequence[int]
    last_number: str


class SeatMapSource(Protocol):
    """Where maps come from. All calls raise `ConnectionLost` and `Contended`."""

    async def freshness(self, known: Sequence[tuple[UUID, int | None]], *, entries_max: int) -> list[Freshness | None]:
        """Tell, for events and the versions known of them, what has become of them; None where there is no event.

        Args:
            known: Events, each with the version that is known of it, if any.
            entries_max: How much of the log after that version is told, of each.
        """
        ...

    async def load(self, wanted: Sequence[tuple[UUID, bool]], *, large: bool) -> list[SeatMap | None]:
        """Load maps in one snapshot, each with or without its list; None where there is no live event."""
        ...

    async def added_seats(self, event_id: UUID, *, after_seats: int, lists: bool, large: bool) -> AddedSeats | None:
        """Read the seats of a chart after the first so many; None where there is no live event."""
        ...

    async def positions(self, seat_ids: Sequence[UUID], event_ids: Sequence[UUID]) -> dict[UUID, int]:
        """Find the places of seats in the charts of their events."""
        ...

    async def list_page(
        self, event_id: UUID, *, after_number: str, seats_max: int, chart_seats: int
    ) -> ListPage | None:
        """Read the next seats by number, of the first so many on the chart; None where there are no more."""
        ...
