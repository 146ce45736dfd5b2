"""Converts rows into seats."""

import asyncpg

from holdfast.domain.booking.seat import Seat
from holdfast.domain.booking.states import SeatStatus


def seat_from(row: asyncpg.Record) -> Seat:
    """Build a seat from a row of `seats`.

    Its claim's `status` and `reservation_id` are both null if it is free, and `blocked` says whether it is kept back.
    """
    status = "reserved" if row["blocked"] else row["status"]
    return Seat(
        id=row["id"],
        event_id=row["event_id"],
        seat_number=row["seat_number"],
        section=row["section"],
        row=row["row_name"],
        price=row["price"],
        category=row["category"],
        status=SeatStatus.AVAILABLE if status is None else SeatStatus(status),
        reserved_by=row["reservation_id"],
        blocked=row["blocked"],
    )
