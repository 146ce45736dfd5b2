"""Writes reservations as CSV (RFC 4180) in UTF-8, for spreadsheets and programs."""

import csv
import io
from collections.abc import Sequence
from datetime import UTC, datetime

from holdfast.application.reports.ports import EventOnReport, ReportedReservation
from holdfast.domain.formulas import defused

COLUMNS = (
    "reservation_id",
    "user_id",
    "status",
    "cancel_reason",
    "created_at",
    "expires_at",
    "confirmed_at",
    "seats",
    "seat_numbers",
    "seat_ids",
    "prices",
    "total_amount",
    "currency",
)
"""The first row. Columns may be added at the end."""


def header_row() -> bytes:
    """Return the first row."""
    return (",".join(COLUMNS) + "\r\n").encode()


def rows(event: EventOnReport, reservations: Sequence[ReportedReservation]) -> bytes:
    """Return a row for each reservation. Lists within a column are separated by spaces, seat numbers by commas."""
    written = io.StringIO()
    csv.writer(written).writerows(_row(event, one) for one in reservations)
    return written.getvalue().encode()


def _row(event: EventOnReport, reported: ReportedReservation) -> Sequence[object]:
    reservation = reported.reservation
    return (
        reservation.id,
        defused(reservation.user_id),
        reservation.status.value,
        "" if reservation.cancel_reason is None else reservation.cancel_reason.value,
        _time(reservation.created_at),
        _time(reservation.expires_at),
        "" if reservation.confirmed_at is None else _time(reservation.confirmed_at),
        len(reservation.seat_ids),
        defused(", ".join(number or "" for number in reported.seat_numbers)),
        " ".join(map(str, reservation.seat_ids)),
        "" if reservation.prices is None else " ".join(map(str, reservation.prices)),
        reservation.total_amount,
        event.currency,
    )


def _time(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
