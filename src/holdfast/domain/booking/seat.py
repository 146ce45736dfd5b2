"""A seat and its status, and the claim that holds or sells it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from holdfast.domain.booking.states import SeatStatus
from holdfast.domain.value import value


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """A seat as it was at one version of its event."""

    id: UUID
    event_id: UUID
    seat_number: str
    section: str | None
    row: str | None
    price: int
    """Its own, or else that of its category now."""
    status: SeatStatus
    reserved_by: UUID | None
    """The reservation that holds or has bought the seat."""
    category: str | None = None
    """The key of its price category, if it has one."""
    blocked: bool = False
    """It is free, but a channel keeps it back, and so it is shown as reserved."""


@value(frozen=True, slots=True)
class Claim:
    """The one live claim on a seat: held or sold."""

    seat_id: UUID
    reservation_id: UUID
    status: SeatStatus
    """`RESERVED` or `CONFIRMED`; an available seat has no claim."""
    expires_at: datetime
