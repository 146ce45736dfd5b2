"""Encodes seats in PostgreSQL's binary COPY format, in slices, so that other requests get their turn."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from struct import Struct
from uuid import UUID

from holdfast.application.failures import ConnectionLost
from holdfast.application.giving_way import give_way
from holdfast.domain.catalogue.seat import NewSeat
from holdfast.infrastructure.postgres.driver.connection import WatchedConnection

COLUMNS = ("id", "event_id", "seat_number", "section", "row_name", "price", "position")
SLICE_ROWS = 500
"""Rows encoded between two turns of the event loop: about 0.5 ms, because a reservation waits for many turns."""

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"
NULL = b"\xff\xff\xff\xff"
UUID_LENGTH = b"\x00\x00\x00\x10"
_COLUMNS_COUNT = len(COLUMNS).to_bytes(2, "big")
encoded_length = Struct(">i").pack
_price_and_position = Struct(">iqii").pack


async def binary_rows(
    event_id: UUID, seats: Sequence[NewSeat], seat_ids: Sequence[UUID], *, first_position: int
) -> AsyncIterator[bytes]:
    """Yield the rows of seats in pieces, in the format of COPY."""
    before_id = _COLUMNS_COUNT + UUID_LENGTH
    after_id = UUID_LENGTH + event_id.bytes
    yield HEADER
    for start in range(0, len(seats), SLICE_ROWS):
        rows: list[bytes] = []
        for place, seat in enumerate(seats[start : start + SLICE_ROWS], start=start):
            number = seat.seat_number.encode()
            rows += (
                before_id,
                seat_ids[place].bytes,
                after_id,
                encoded_length(len(number)),
                number,
                encoded_text(seat.section),
                encoded_text(seat.row),
                _price_and_position(8, seat.price, 4, first_position + place),
            )
        yield b"".join(rows)
        await give_way()
    yield TRAILER


async def copy_seats(
    connection: WatchedConnection, rows: AsyncIterator[bytes], columns: Sequence[str] = COLUMNS
) -> None:
    """Store rows with COPY. The call ends if the connection ends.

    While the driver waits for the socket to take more data, nothing tells it that the connection has gone. Such a call
    once never ended, and no bulk call after it could begin.

    Raises:
        ConnectionLost: if the connection was lost or cut in the meantime.
        asyncpg.PostgresError: if the server refuses the rows.
    """
    lost = asyncio.get_running_loop().create_future()

    def note(_: object) -> None:
        if not lost.done():
            lost.set_result(None)

    connection.add_termination_listener(note)
    copying = asyncio.create_task(connection.copy_to_table("seats", source=rows, columns=columns, format="binary"))
    try:
        await asyncio.wait((copying, lost), return_when=asyncio.FIRST_COMPLETED)
        if not copying.done():
            raise ConnectionLost("the connection ended during COPY")
        await copying
    finally:
        connection.remove_termination_listener(note)
        if not copying.done():
            copying.cancel()
            # Whatever the driver raises now does not matter: it writes to a closed socket.
            await asyncio.gather(copying, return_exceptions=True)


def encoded_text(value: str | None) -> bytes:
    """Encode a text, or null, as a field of COPY."""
    if value is None:
        return NULL
    encoded = value.encode()
    return encoded_length(len(encoded)) + encoded
