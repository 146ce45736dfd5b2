"""A seat, as a value of the domain."""

import asyncpg

from holdfast.domain.booking.seat import Seat
from holdfast.domain.booking.states import SeatStatus


def seat_from(row: asyncpg.Record) -> Seat:
    """Make a seat of a row of `seats` with its claim's `status` and `reservation_id`, null where it is free."""
    status = row["status"]
    return Seat(
        id=row["id"],
        event_id=row["event_id"],
        seat_number=row["seat_number"],
        section=row["section"],
        row=row["row_name"],
        price=row["price"],
        status=SeatStatus.AVAILABLE if status is None else SeatStatus(status),
        reserved_by=row["reservation_id"],
    )
