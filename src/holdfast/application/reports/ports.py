"""What reports need from outside, as Protocols."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from holdfast.domain.booking.reservation import Reservation
from holdfast.domain.booking.snapshot import Mark
from holdfast.domain.booking.states import ReservationStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class EventOnReport:
    """What a report says about its event."""

    id: UUID
    mark: Mark
    """The state of the event that was read."""
    timezone: str
    currency: str
    categories: dict[int, str]
    """The keys of its price categories, by number."""
    chart_edits: int
    """Changes whenever seats get other categories."""
    now: datetime
    archived: bool = False
    """Whether its reservations and its log are in an archive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which of an event's reservations are wanted. None stands for all."""

    status: ReservationStatus | None = None
    """As seen at the moment of reading: a hold that has run out is cancelled, recorded or not."""
    user_id: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a reservation is in lists: the version and the time with which it was made, and its id."""

    version: int
    at: datetime
    reservation_id: UUID


@dataclass(frozen=True, slots=True)
class ReportedReservation:
    """A reservation as it was when it was read."""

    reservation: Reservation
    seat_numbers: Sequence[str | None]
    """Of its seats, in the order of their ids; None for a seat that is no longer in the hall."""


class ReservationSource(Protocol):
    """Reads events and their reservations. None of its methods takes a lock."""

    async def event(self, event_id: UUID) -> EventOnReport | None:
        """Find an event that is not deleted."""
        ...

    async def mark(self, event_id: UUID, version: int) -> Mark | None:
        """Identify the state of an event at a version; None if the event has not reached that version."""
        ...

    async def place_of(self, event_id: UUID, reservation_id: UUID) -> Place | None:
        """Return where one of an event's reservations is in its lists; None if the event has no such reservation."""
        ...

    async def page(
        self, event: EventOnReport, wanted: Filter, *, before: Place, limit: int
    ) -> list[ReportedReservation]:
        """Return the next reservations of a list, newest first.

        Those of one user are in the order of their times, others in that of their versions. The two differ only among
        reservations that were made in the same millisecond, or after a clock was set back.
        """
        ...

    async def stretch(
        self, event: EventOnReport, wanted: Filter, *, before: Place, limit: int
    ) -> list[ReportedReservation]:
        """Return what `page` does and, with a filter by status, perhaps some that the filter leaves out.

        Reading everything with it costs no more than there are reservations, however many holds have run out without
        being recorded. Stretches are read one at a time in each process.
        """
        ...
