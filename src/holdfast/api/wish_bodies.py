"""A buyer's request for seats as it is written: for named seats, or for the best that are free."""

from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from holdfast.api.fields import or_default
from holdfast.domain.booking.choosing.wish import BestAvailable, Together
from holdfast.domain.booking.reservation import SEATS_MAX
from holdfast.domain.refusal import InvalidValue
from holdfast.http.endpoints.strict_json import StrictDecoder, without_mark

KEY_MAX = 255
"""Characters in an idempotency key (contract)."""

SeatIds = Annotated[list[UUID], Meta(min_length=1, max_length=SEATS_MAX, extra_json_schema={"uniqueItems": True})]
IdempotencyKey = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=KEY_MAX,
        description="Printable ASCII, unchanged when the request is sent again.",
        extra_json_schema={"pattern": "^[ -~]+$"},
    ),
]
AccessCode = Annotated[
    str, Meta(max_length=255, description="Reaches the seats of the channel with this code. A replay needs none.")
]
Key = Annotated[str, Meta(min_length=1, max_length=50)]


class BestAvailableInput(Struct, kw_only=True):
    """How many seats, and where. A field that is left out or null does not matter to the buyer."""

    count: Annotated[int, Meta(ge=1, le=SEATS_MAX)]
    category: Annotated[Key | UnsetType | None, Meta(description="A category's key.")] = UNSET
    section: Annotated[
        Key | UnsetType | None, Meta(description="A section's key; of seats without a hall, the section's name.")
    ] = UNSET
    floor: Annotated[Key | UnsetType | None, Meta(description="A floor's key.")] = UNSET
    together: Annotated[
        Together | UnsetType,
        Meta(
            description=(
                "`required`: next to each other, or none. `preferred` (the default): next to each other if possible, "
                "else in as few groups as possible. `any`: the best seats, wherever they are."
            )
        ),
    ] = UNSET
    accessible: Annotated[
        Annotated[int, Meta(ge=0, le=SEATS_MAX)] | UnsetType,
        Meta(description="How many of them have to be accessible: 0 (the default) to `count`."),
    ] = UNSET


class ReservationInput(Struct, kw_only=True):
    """A buyer's request for named seats. `seat_ids` must not contain duplicates."""

    event_id: UUID
    seat_ids: SeatIds
    idempotency_key: IdempotencyKey
    access_code: AccessCode | UnsetType = UNSET


class BestAvailableReservationInput(Struct, kw_only=True):
    """A buyer's request for the best seats that are free."""

    event_id: UUID
    best_available: BestAvailableInput
    idempotency_key: IdempotencyKey
    access_code: AccessCode | UnsetType = UNSET


class WishInput(Struct, kw_only=True):
    """Either of the two, before it is known which one it is."""

    event_id: UUID
    seat_ids: SeatIds | UnsetType = UNSET
    best_available: BestAvailableInput | UnsetType = UNSET
    idempotency_key: IdempotencyKey
    access_code: AccessCode | UnsetType = UNSET


def _quotes_of_wish(given: WishInput) -> int:
    quotes = 8 if given.access_code is UNSET else 12
    if given.seat_ids is not UNSET:
        quotes += 2 + 2 * len(given.seat_ids)
    if given.best_available is not UNSET:
        quotes += 2 + _quotes_of_best(given.best_available)
    return quotes


def _quotes_of_best(best: BestAvailableInput) -> int:
    texts = [best.category, best.section, best.floor, best.together]
    quotes = 2 + (0 if best.accessible is UNSET else 2)
    return quotes + sum(2 if text is None else 4 for text in texts if text is not UNSET)


class _AboutEvent(Struct):
    """What tells in which database a request is decided; whatever else is in it is looked at there."""

    event_id: UUID


_about_event = msgspec.json.Decoder(_AboutEvent)


def event_in(raw: bytes) -> UUID | None:
    """Return the event of a request for seats; None if it is not to be found."""
    try:
        return _about_event.decode(without_mark(raw)).event_id
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


_decoder = StrictDecoder(WishInput, quotes=_quotes_of_wish)


def read_wish(raw: bytes) -> WishInput:
    """Decode a request for seats.

    Raises:
        InvalidValue: naming the field, or `body`.
    """
    given = _decoder.decode(raw)
    key = given.idempotency_key
    if not (key.isascii() and key.isprintable()):
        raise InvalidValue("idempotency_key", f"must be 1 to {KEY_MAX} printable ASCII characters")
    if given.seat_ids is UNSET and given.best_available is UNSET:
        raise InvalidValue("seat_ids", "is missing; name seats, or say how many in best_available")
    if given.seat_ids is not UNSET and given.best_available is not UNSET:
        raise InvalidValue("best_available", "must not stand beside seat_ids")
    return given


def best_of(given: WishInput) -> BestAvailable | None:
    """Return the wish of a buyer who leaves the choice of seats to us; None if the seats are named.

    Raises:
        InvalidValue: if more seats have to be accessible than are wanted.
    """
    best = given.best_available
    if best is UNSET:
        return None
    return BestAvailable.wish(
        count=best.count,
        category=or_default(best.category, None),
        section=or_default(best.section, None),
        floor=or_default(best.floor, None),
        together=or_default(best.together, Together.PREFERRED),
        accessible=or_default(best.accessible, 0),
    )
