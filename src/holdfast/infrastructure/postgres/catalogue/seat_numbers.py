"""Finds seat numbers that an event already has."""

from collections.abc import AsyncIterator, Callable, Sequence
from uuid import UUID

import asyncpg

from holdfast.domain.catalogue.refusals import SeatNumberTaken
from holdfast.infrastructure.postgres.catalogue.catalogue_queries import CATALOGUE
from holdfast.infrastructure.postgres.catalogue.seat_copy import copy_seats
from holdfast.infrastructure.postgres.driver.connection import WatchedConnection
from holdfast.infrastructure.postgres.driver.failures import SEAT_NUMBER_CONSTRAINT, constraint_of, translated


async def copy_new_seats(
    connection: WatchedConnection,
    event_id: UUID,
    rows: AsyncIterator[bytes],
    columns: Sequence[str],
    *,
    seat_numbers: Callable[[], Sequence[str]],
    other_forms: Sequence[str],
) -> None:
    """Store seats of a locked event with COPY. If a number is already taken, find out which.

    The unique index finds equal numbers. Numbers that only look alike are found here, under the event's lock; for that,
    one of them must be in a form other than NFC.

    Args:
        connection: In a transaction.
        event_id: The event.
        rows: The seats, in the format of COPY.
        columns: The columns of the rows.
        seat_numbers: Returns the numbers of the seats.
        other_forms: Those of them that are not in Unicode's NFC.

    Raises:
        SeatNumberTaken: naming every seat number that the event already has, in any Unicode form.
    """
    with translated(connection.cell):
        suspects = other_forms
        if await CATALOGUE.has_other_forms({"event_id": event_id}).fetchval(connection):
            suspects = seat_numbers()
    if suspects and (taken := await _taken(connection, event_id, suspects)):
        raise SeatNumberTaken(taken)
    try:
        with translated(connection.cell):
            await connection.execute("SAVEPOINT adding")
            await copy_seats(connection, rows, columns)
    except asyncpg.UniqueViolationError as violation:
        if constraint_of(violation) != SEAT_NUMBER_CONSTRAINT:
            raise
        with translated(connection.cell):
            await connection.execute("ROLLBACK TO adding")
        raise SeatNumberTaken(await _taken(connection, event_id, seat_numbers())) from violation


async def _taken(connection: WatchedConnection, event_id: UUID, numbers: Sequence[str]) -> list[str]:
    with translated(connection.cell):
        statement = CATALOGUE.taken_seat_numbers({"event_id": event_id, "seat_numbers": numbers})
        return [row["seat_number"] for row in await statement.fetch(connection)]
