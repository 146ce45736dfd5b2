"""Finds a reservation for its buyer."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from holdfast.application.reading.ports import Reads
from holdfast.domain.booking.refusals import ReservationNotFound
from holdfast.domain.booking.reservation import Reservation
from holdfast.domain.catalogue.refusals import EventArchived


@dataclass(frozen=True, slots=True)
class FoundReservation:
    """A reservation as it is now, and whose it is."""

    reservation: Reservation
    user_id: str
    version: int
    """Its event's."""


async def find_reservation(reads: Reads, reservation_id: UUID, user_ids: Sequence[str]) -> FoundReservation:
    """Return a reservation of one of these users, who are all the same person.

    Raises:
        ReservationNotFound: They have no such reservation.
        EventArchived: They have, and it is in the archive of its event.
        ConnectionLost, Contended: It could not be read.
    """
    for user_id in user_ids:
        found = await reads.reservation(reservation_id, user_id)
        if found is not None:
            return FoundReservation(found[0], user_id, found[1])
    archived = await reads.archived_reservation(reservation_id) if user_ids else None
    if archived is not None and any(archived.is_of(user_id) for user_id in user_ids):
        raise EventArchived(archived.event_id)
    raise ReservationNotFound(reservation_id)
