"""What the use cases of booking share within a process."""

from dataclasses import dataclass

from holdfast.application.booking.access_codes import AccessCodes
from holdfast.application.booking.batching.batcher import Batcher
from holdfast.application.booking.hoarding import Hoarding
from holdfast.application.booking.ports import Gate
from holdfast.application.booking.reservation_directory import ReservationDirectory
from holdfast.application.booking.seatings.seatings import Seatings
from holdfast.application.booking.shared_read import SharedRead
from holdfast.application.booking.taken_seats import TakenSeats
from holdfast.application.features import Features
from holdfast.application.identifiers import CellIds


@dataclass(frozen=True, slots=True)
class Booking:
    """The parts that `reserve`, `confirm` and `cancel` work with.

    There is one per process. The composition root builds it and passes it to everything that may change reservations.
    """

    batcher: Batcher
    gate: Gate
    taken_seats: TakenSeats
    shared_read: SharedRead
    directory: ReservationDirectory
    seatings: Seatings
    features: Features
    access_codes: AccessCodes
    ids: CellIds
    """Makes the ids of reservations."""
    hoarding: Hoarding | None = None
    """None if no setting limits hoarding: then a request does nothing for it."""
