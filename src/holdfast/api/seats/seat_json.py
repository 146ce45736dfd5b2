"""How maps encode a seat: the constant part comes from the database, the changing part from here."""

from holdfast.domain.booking.states import SeatStatus


def seat_tail(status: SeatStatus, reserved_by: str | None) -> bytes:
    """Encode the status and the holder, the end of a seat's JSON object (`application.reading.seat_map.SeatTail`)."""
    if reserved_by is None:
        return _tail_without_holder(status)
    return f'"status":"{status.value}","reserved_by":"{reserved_by}"}}'.encode()


def seat_tail_for_strangers(status: SeatStatus, reserved_by: str | None) -> bytes:
    """Encode the status alone. Lists are the same for everybody, so where callers are known they name no holder."""
    if reserved_by is None:
        return _tail_without_holder(status)
    return f'"status":"{status.value}"}}'.encode()


def _tail_without_holder(status: SeatStatus) -> bytes:
    """Encode a free seat. If it is to read as reserved all the same, a channel keeps it back."""
    return b'"status":"available"}' if status is SeatStatus.AVAILABLE else b'"status":"reserved","blocked":true}'
