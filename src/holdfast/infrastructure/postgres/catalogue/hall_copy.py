"""Encodes the seats of a hall in PostgreSQL's binary COPY format, slice by slice."""

from collections.abc import AsyncIterator, Mapping, Sequence
from struct import Struct
from uuid import UUID

from holdfast.application.catalogue.hall_seats import HallSlice
from holdfast.application.giving_way import give_way
from holdfast.infrastructure.postgres.catalogue.seat_copy import (
    HEADER,
    NULL,
    TRAILER,
    UUID_LENGTH,
    encoded_length,
    encoded_text,
)

COLUMNS = (
    "id",
    "event_id",
    "seat_number",
    "position",
    "x",
    "y",
    "section",
    "row_name",
    "section_key",
    "category",
    "price",
    "area",
    "accessible",
    "restricted_view",
    "companion_of",
)

_COLUMNS_COUNT = len(COLUMNS).to_bytes(2, "big")
_position = Struct(">ii").pack
_position_and_place = Struct(">iiifif").pack
_number = Struct(">ih").pack
_price = Struct(">iq").pack
_TRUE = b"\x00\x00\x00\x01\x01"
_FALSE = b"\x00\x00\x00\x01\x00"


async def hall_rows(
    event_id: UUID,
    slices: Sequence[HallSlice],
    *,
    first_position: int,
    category_numbers: Mapping[str, int],
    companion_ids: Mapping[str, UUID],
) -> AsyncIterator[bytes]:
    """Yield the rows of the seats that have ids, in pieces, in the format of COPY.

    Most seats have all but number, position and place in common with the seat before. So what they have in common is
    encoded once.
    """
    before_id = _COLUMNS_COUNT + UUID_LENGTH
    after_id = UUID_LENGTH + event_id.bytes
    position = first_position
    encoded = _Common(category_numbers, companion_ids)
    yield HEADER
    for one in slices:
        rows: list[bytes] = []
        seats = one.seats
        common = zip(
            seats.sections,
            seats.rows,
            seats.section_keys,
            seats.categories,
            seats.prices,
            seats.areas,
            seats.accessible,
            seats.restricted_views,
            seats.companions_of,
            strict=True,
        )
        columns = zip(one.ids, seats.seat_numbers, seats.xs, seats.ys, common, strict=True)
        for seat_id, seat_number, x, y, values in columns:
            if seat_id is None:
                continue
            number = seat_number.encode()
            if x is None or y is None:
                place = _position(4, position) + NULL + NULL
            else:
                place = _position_and_place(4, position, 4, x, 4, y)
            rows += (before_id, seat_id.bytes, after_id, encoded_length(len(number)), number, place, encoded[values])
            position += 1
        yield b"".join(rows)
        await give_way()
    yield TRAILER


_Values = tuple[str | None, str | None, str | None, str | None, int | None, bool, bool, bool, str | None]


class _Common(dict[_Values, bytes]):
    """What seats have in common, encoded."""

    def __init__(self, category_numbers: Mapping[str, int], companion_ids: Mapping[str, UUID]) -> None:
        super().__init__()
        self._category_numbers = category_numbers
        self._companion_ids = companion_ids

    def __missing__(self, values: _Values) -> bytes:
        section, row, section_key, category, price, area, accessible, restricted_view, companion_of = values
        made = b"".join(
            (
                encoded_text(section),
                encoded_text(row),
                encoded_text(section_key),
                NULL if category is None else _number(2, self._category_numbers[category]),
                NULL if price is None else _price(8, price),
                _TRUE if area else _FALSE,
                _TRUE if accessible else _FALSE,
                _TRUE if restricted_view else _FALSE,
                NULL if companion_of is None else UUID_LENGTH + self._companion_ids[companion_of].bytes,
            )
        )
        self[values] = made
        return made
