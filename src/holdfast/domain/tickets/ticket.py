"""What a ticket says."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """The right to one seat of one event."""

    event_id: UUID
    reservation_id: UUID
    seat_id: UUID
    seat_number: str
    """As in the chart; it is there for the person at the door, who may have no connection to look it up."""
