"""The status and title of every refusal of the domain, in one table."""

from holdfast.api.service.probes import NotReady
from holdfast.domain.booking import refusals as booking
from holdfast.domain.catalogue import refusals as catalogue
from holdfast.domain.identity import refusals as identity
from holdfast.domain.refusal import Refusal
from holdfast.http.endpoints.answer import Header
from holdfast.http.endpoints.problems import ProblemTable, Row

PROBLEMS: ProblemTable = {
    identity.ConflictingCredentials: Row(400, "Conflicting credentials"),
    identity.Unauthenticated: Row(401, "Not authenticated"),
    identity.Forbidden: Row(403, "Forbidden"),
    identity.OrganiserNotFound: Row(404, "Organiser not found"),
    identity.MemberNotFound: Row(404, "Member not found"),
    identity.ApiKeyNotFound: Row(404, "API key not found"),
    identity.TooManyApiKeys: Row(409, "Too many API keys"),
    identity.TooManyMembers: Row(409, "Too many members"),
    catalogue.EventNotFound: Row(404, "Event not found"),
    catalogue.HallNotFound: Row(404, "Hall not found"),
    catalogue.ChannelNotFound: Row(404, "Channel not found"),
    catalogue.SelectionNotFound: Row(404, "Selection not found"),
    catalogue.TooManyChannels: Row(409, "Too many channels"),
    catalogue.SeatNotFound: Row(404, "Seat not found"),
    booking.ReservationNotFound: Row(404, "Reservation not found"),
    booking.SeatsNotFound: Row(404, "Seats not found"),
    booking.SellerConfirms: Row(403, "Seller confirms"),
    booking.SaleNotOpen: Row(409, "Sale not open"),
    booking.BookingClosed: Row(409, "Booking closed"),
    booking.AreaByCount: Row(409, "Area by count"),
    booking.CompanionAlone: Row(409, "Companion alone"),
    booking.PurchaseLimitReached: Row(409, "Purchase limit reached"),
    booking.SeatsUnavailable: Row(409, "Seats unavailable"),
    booking.NotEnoughSeats: Row(409, "Not enough seats"),
    booking.NotTogether: Row(409, "Not together"),
    booking.HoldExpired: Row(409, "Hold expired"),
    booking.AlreadyCancelled: Row(409, "Already cancelled"),
    booking.AlreadyConfirmed: Row(409, "Already confirmed"),
    booking.HoldChanged: Row(409, "Hold changed"),
    booking.ExtensionLimitReached: Row(409, "Extension limit reached"),
    booking.ReholdTooSoon: Row(409, "Rehold too soon", waits=True),
    catalogue.EventArchived: Row(410, "Event archived"),
    catalogue.PreconditionFailed: Row(412, "Precondition failed"),
    catalogue.SeatNumberTaken: Row(409, "Seat number taken"),
    catalogue.SeatsExceedTotal: Row(409, "Seats exceed total"),
    catalogue.CategoryInUse: Row(409, "Category in use"),
    catalogue.HallInUse: Row(409, "Hall in use"),
    catalogue.EventHasConfirmedReservations: Row(409, "Event has confirmed reservations"),
    catalogue.UpgradeUnfinished: Row(409, "Upgrade unfinished"),
    booking.IdempotencyKeyReused: Row(422, "Idempotency key reused"),
    booking.TooManyHolds: Row(429, "Too many holds", waits=True),
    booking.TooManyTries: Row(429, "Too many tries", waits=True),
    NotReady: Row(503, "Not ready", retry_after_seconds=1),
}


def headers_of_refusal(refusal: Refusal) -> tuple[Header, ...]:
    """Give the headers that only this kind of refusal has."""
    if not isinstance(refusal, identity.Unauthenticated):
        return ()
    return ((b"www-authenticate", b'Bearer error="invalid_token"' if refusal.invalid_token else b"Bearer"),)
