"""The status and title of every refusal of the domain, in one table."""

from holdfast.api.probes import NotReady
from holdfast.domain.booking import refusals as booking
from holdfast.domain.catalogue import refusals as catalogue
from holdfast.http.endpoints.problems import ProblemTable, Row

PROBLEMS: ProblemTable = {
    catalogue.EventNotFound: Row(404, "Event not found"),
    catalogue.SeatNotFound: Row(404, "Seat not found"),
    booking.ReservationNotFound: Row(404, "Reservation not found"),
    booking.SeatsNotFound: Row(404, "Seats not found"),
    booking.BookingClosed: Row(409, "Booking closed"),
    booking.SeatsUnavailable: Row(409, "Seats unavailable"),
    booking.HoldExpired: Row(409, "Hold expired"),
    booking.AlreadyCancelled: Row(409, "Already cancelled"),
    booking.AlreadyConfirmed: Row(409, "Already confirmed"),
    catalogue.SeatNumberTaken: Row(409, "Seat number taken"),
    catalogue.SeatsExceedTotal: Row(409, "Seats exceed total"),
    catalogue.EventHasConfirmedReservations: Row(409, "Event has confirmed reservations"),
    booking.IdempotencyKeyReused: Row(422, "Idempotency key reused"),
    NotReady: Row(503, "Not ready", retry_after_seconds=1),
}
