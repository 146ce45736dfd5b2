"""Reads the body of a bulk call, up to 18 MB, without blocking the event loop or filling the memory.

A small body is decoded at once. Of a large one, only the outline is. Its seats are then decoded slice by slice, so that
the contents of a hostile body are never all in memory. What a seat may contain besides its fields is limited.
"""

import codecs
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from holdfast.api.fields import Place, Prefix, Price, SeatNumber
from holdfast.application.catalogue.add_seats import SLICE_SEATS
from holdfast.application.giving_way import give_way
from holdfast.domain.complaint import BODY, complaint
from holdfast.domain.refusal import InvalidValue
from holdfast.http.endpoints.strict_json import StrictDecoder, without_mark

NUMBERED_SEATS_MAX = 100_000
"""Seats in one call that numbers them by prefix and count (contract)."""
LISTED_SEATS_MAX = 10_000
"""Seats in one call that lists them individually (contract)."""
SMALL_BYTES = 64 * 1024
"""A body up to this size is decoded in one piece, which takes about 2 ms at worst."""
SEAT_BYTES_MAX = 4 * 1024
"""The size of one seat. Its texts take at most 1,870 bytes, with every character escaped."""
SEAT_VALUES_MAX = 400
"""Commas and brackets in a seat with unknown fields. Its own texts may contain 150 of them."""
BESIDE_BYTES_MAX = 16 * 1024
"""The size of everything besides the array of seats."""
_UTF8_SLICE_BYTES = 256 * 1024


class SeatInput(Struct, kw_only=True):
    """One seat to be added to an event's chart."""

    seat_number: SeatNumber
    price: Price
    section: Place | UnsetType = UNSET
    row: Place | UnsetType = UNSET


class NumberedSeatsInput(Struct, kw_only=True):
    """Seats `PREFIX-1 … PREFIX-count`, all at one price."""

    prefix: Prefix
    count: Annotated[int, Meta(ge=1, le=NUMBERED_SEATS_MAX)]
    price: Price


class ListedSeatsInput(Struct, kw_only=True):
    """Seats listed individually."""

    seats: Annotated[list[SeatInput], Meta(min_length=1, max_length=LISTED_SEATS_MAX)]


class SeatsInput(Struct, kw_only=True):
    """Either of the two forms, before it is known which one it is."""

    seats: Annotated[list[SeatInput], Meta(min_length=1, max_length=LISTED_SEATS_MAX)] | UnsetType = UNSET
    prefix: Prefix | UnsetType = UNSET
    count: Annotated[int, Meta(ge=1, le=NUMBERED_SEATS_MAX)] | UnsetType = UNSET
    price: Price | UnsetType = UNSET


class _Whole(Struct):
    seats: Raw | UnsetType = UNSET


_NO_SEAT = Raw()
_Seats = msgspec.defstruct(
    "_Seats",
    [(f"seat_{place}", Raw, _NO_SEAT) for place in range(LISTED_SEATS_MAX)],
    array_like=True,
    forbid_unknown_fields=True,
)
"""A list with a built-in maximum length. For a plain list type, the length is only checked after all entries have been
created: 18 MB of ones became 500 MB of objects and blocked the event loop for more than a second."""


def _quotes_of_seat(seat: SeatInput) -> int:
    return 6 + (0 if seat.section is UNSET else 4) + (0 if seat.row is UNSET else 4)


def _quotes_of_seats(given: SeatsInput) -> int:
    if given.seats is UNSET:
        return 8
    return 2 + sum(map(_quotes_of_seat, given.seats))


decode_seat = StrictDecoder(SeatInput, quotes=_quotes_of_seat, values_max=SEAT_VALUES_MAX)
_decode_small = StrictDecoder(SeatsInput, quotes=_quotes_of_seats)
_decode_whole = StrictDecoder(_Whole, look_twice=False)
_decode_seats = msgspec.json.Decoder(_Seats)


async def read_bulk_body(raw: bytes) -> SeatsInput:
    """Decode the body of a bulk call, in either form.

    Raises:
        InvalidValue: naming the field, or `body`.
    """
    raw = without_mark(raw)
    if len(raw) <= SMALL_BYTES:
        return _decode_small.decode(raw)
    await _require_utf8(raw)
    seats = _decode_whole.decode(raw).seats
    if seats is UNSET:
        raise InvalidValue(BODY, "is too large for a call without a list of seats")
    given = _decode_small.decode(_without_seats(raw, bytes(seats)))
    given.seats = await _seats(seats)
    return given


_ONE_SEAT = b'[{"seat_number":"-","price":0}]'


def _without_seats(raw: bytes, seats: bytes) -> bytes:
    """Return the body with a single seat in place of all of them."""
    if len(raw) - len(seats) > BESIDE_BYTES_MAX:
        raise InvalidValue(BODY, f"must have at most {BESIDE_BYTES_MAX} bytes besides its seats")
    place = raw.find(seats[:1])
    while not raw.startswith(seats, place):
        place = raw.find(seats[:1], place + 1)
    return raw[:place] + _ONE_SEAT + raw[place + len(seats) :]


async def _seats(array: Raw) -> list[SeatInput]:
    try:
        listed = msgspec.structs.astuple(_decode_seats.decode(array))
    except msgspec.ValidationError as error:
        if "of at most length" in str(error):
            raise InvalidValue("seats", f"must have at most {LISTED_SEATS_MAX} entries") from None
        raise complaint(str(error), within="seats") from None
    pieces = [piece for piece in listed if piece is not _NO_SEAT]
    if not pieces:
        raise InvalidValue("seats", "must have at least 1 entries")
    seats: list[SeatInput] = []
    for start in range(0, len(pieces), SLICE_SEATS):
        for place, piece in enumerate(pieces[start : start + SLICE_SEATS], start=start):
            seats.append(_seat(place, bytes(piece)))
        await give_way()
    return seats


def _seat(place: int, raw: bytes) -> SeatInput:
    if len(raw) > SEAT_BYTES_MAX:
        raise InvalidValue(f"seats[{place}]", f"must have at most {SEAT_BYTES_MAX} bytes")
    try:
        return decode_seat.decode(raw)
    except InvalidValue as error:
        field, problem = str(error.data["field"]), str(error.data["problem"])
        raise InvalidValue(f"seats[{place}]" if field == BODY else f"seats[{place}].{field}", problem) from None


async def _require_utf8(raw: bytes) -> None:
    if raw.isascii():
        return
    decoder = codecs.getincrementaldecoder("utf-8")()
    for start in range(0, len(raw), _UTF8_SLICE_BYTES):
        end = start + _UTF8_SLICE_BYTES
        try:
            decoder.decode(raw[start:end], final=end >= len(raw))
        except UnicodeDecodeError:
            raise InvalidValue(BODY, "is not UTF-8") from None
        await give_way()
