"""What booking's verbs share in one process."""

from dataclasses import dataclass

from holdfast.application.booking.batching.batcher import Batcher
from holdfast.application.booking.ports import Gate
from holdfast.application.booking.reservation_directory import ReservationDirectory
from holdfast.application.booking.shared_read import SharedRead
from holdfast.application.booking.taken_seats import TakenSeats


@dataclass(frozen=True, slots=True)
class Booking:
    """Holding, confirming and cancelling: what `reserve`, `confirm` and `cancel` work with.

    One per process. It is made by the composition root and handed to whoever may change reservations.
    """

    batcher: Batcher
    gate: Gate
    taken_seats: TakenSeats
    shared_read: SharedRead
    directory: ReservationDirectory
