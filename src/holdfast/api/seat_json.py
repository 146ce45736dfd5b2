"""How the maps of events write a seat: what never changes comes from the database, what changes from here."""

from holdfast.domain.booking.states import SeatStatus


def seat_tail(status: SeatStatus, reserved_by: str | None) -> bytes:
    """Write the status and the holder, the end of a seat's JSON object (`application.reading.seat_map.SeatTail`)."""
    if reserved_by is None:
        return b'"status":"available"}'
    return f'"status":"{status.value}","reserved_by":"{reserved_by}"}}'.encode()
