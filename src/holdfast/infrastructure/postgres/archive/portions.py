"""The rows of an event in portions, by key: to read them, and to remove them."""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg

from holdfast.application.upkeep.archive.ports import Table
from holdfast.infrastructure.postgres.archive.archive_queries import ARCHIVE
from holdfast.infrastructure.postgres.driver.connection import WatchedConnection
from holdfast.infrastructure.postgres.driver.failures import translated
from holdfast.infrastructure.postgres.driver.queries import Filled

ROWS_MAX = 5_000
"""Rows of a portion: one to five megabytes of text, and 20 to 60 ms of PostgreSQL."""
BYTES_MAX = 2_000_000
"""Stored size of the seats that a portion of the log names."""

_ENDED = ("cancelled", "confirmed")
"""The statuses of reservations in which nothing is pending."""

_After: TypeAlias = Any
"""The key of the last row of a portion: a seat's number, or a version."""
Series: TypeAlias = tuple[Table, Callable[[_After], Filled], _After]
"""A table, the statement for the portion after a key, and the key before the first."""


def to_read(event_id: UUID, rows_max: int) -> Sequence[Series]:
    """Return the statements that read an event's rows."""

    def claims(after: str) -> Filled:
        return ARCHIVE.claims_of_seats({"event_id": event_id, "after_seat_number": after, "rows_max": rows_max})

    def reservations(status: str) -> Callable[[int], Filled]:
        return lambda after: ARCHIVE.reservations_of_status(
            {"event_id": event_id, "status": status, "after_version": after, "rows_max": rows_max}
        )

    def changes(after: int) -> Filled:
        return ARCHIVE.changes_after(
            {"event_id": event_id, "after_version": after, "rows_max": rows_max, "bytes_max": BYTES_MAX}
        )

    made: list[Series] = [("reservations", reservations(status), 0) for status in _ENDED]
    return [("claims", claims, ""), *made, ("changes", changes, 0)]


def to_remove(event_id: UUID, rows_max: int) -> Sequence[Series]:
    """Return the statements that remove an event's rows."""

    def claims(after: str) -> Filled:
        return ARCHIVE.remove_claims({"event_id": event_id, "after_seat_number": after, "rows_max": rows_max})

    def reservations(status: str) -> Callable[[int], Filled]:
        return lambda after: ARCHIVE.remove_reservations(
            {"event_id": event_id, "status": status, "after_version": after, "rows_max": rows_max}
        )

    def changes(after: int) -> Filled:
        return ARCHIVE.remove_changes({"event_id": event_id, "after_version": after, "rows_max": rows_max})

    made: list[Series] = [("reservations", reservations(status), 0) for status in _ENDED]
    return [("claims", claims, ""), *made, ("changes", changes, 0)]


async def portions(connection: WatchedConnection, series: Series) -> AsyncIterator[asyncpg.Record]:
    """Run a statement for one portion after another, until there is none.

    Raises:
        OperationalFailure: if PostgreSQL does not answer, or refuses.
    """
    _, statement, after = series
    while after is not None:
        with translated(connection.cell):
            row = await statement(after).fetchrow(connection)
        assert row is not None
        after = row["last"]
        yield row
