"""The JSON bodies of the HTTP contract: what is read, with its limits, and what is answered.

Fields that a request leaves out and fields that an answer leaves out are `UNSET`; JSON's `null` is not taken for
either. Unknown fields of a request are ignored, as the contract's older clients expect.
"""

from datetime import datetime
from typing import Annotated, TypeAlias
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from holdfast.domain.event import DESCRIPTION_MAX, TEXT_MAX, TOTAL_SEATS_MAX, Event
from holdfast.domain.reservation import SEATS_MAX, Reservation
from holdfast.domain.seat import PRICE_MAX, SEAT_NUMBER_MAX, NewSeat, Seat
from holdfast.domain.states import CancelReason, ReservationStatus, SeatStatus

PREFIX_MAX = 40
"""Characters in the prefix of numbered seats (contract)."""
NUMBERED_SEATS_MAX = 100_000
"""Seats in one call that numbers them (contract)."""
LISTED_SEATS_MAX = 10_000
"""Seats in one call that lists them (contract)."""
KEY_MAX = 255
"""Characters in an idempotency key (contract)."""

# PostgreSQL's text cannot hold NUL, so it is refused where it arrives.
_NO_NUL = r"^[^\u0000]*$"

Time: TypeAlias = Annotated[datetime, Meta(tz=True, description="RFC 3339 with offset.")]
Price: TypeAlias = Annotated[int, Meta(ge=0, le=PRICE_MAX, description="In the currency's minor unit.")]
_LEGIBLE = "Without characters that nobody sees, and without a space at either end."
"""The domain checks it; as a pattern it would be a line of character ranges that nobody reads."""
SeatNumber: TypeAlias = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=SEAT_NUMBER_MAX,
        pattern=_NO_NUL,
        description=f"{_LEGIBLE} Stored as sent; numbers that look alike (Unicode's NFC) are one.",
    ),
]
Place: TypeAlias = Annotated[str, Meta(max_length=SEAT_NUMBER_MAX, pattern=_NO_NUL, description=_LEGIBLE)]
Prefix: TypeAlias = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=PREFIX_MAX,
        pattern=_NO_NUL,
        description="Without characters that nobody sees, and without a space at its beginning.",
    ),
]


class EventInput(Struct, kw_only=True):
    """What an organiser writes of an event; `end_at` is not before `start_at`."""

    name: Annotated[str, Meta(min_length=1, max_length=TEXT_MAX, pattern=_NO_NUL)]
    description: Annotated[str, Meta(max_length=DESCRIPTION_MAX, pattern=_NO_NUL)] = ""
    venue: Annotated[str, Meta(max_length=TEXT_MAX, pattern=_NO_NUL)] = ""
    start_at: Time
    end_at: Time
    total_seats: Annotated[int, Meta(ge=1, le=TOTAL_SEATS_MAX)]


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
    """Seats one by one."""

    seats: Annotated[list[SeatInput], Meta(min_length=1, max_length=LISTED_SEATS_MAX)]


class SeatsInput(Struct, kw_only=True):
    """Either of the two forms, before it is known which."""

    seats: Annotated[list[SeatInput], Meta(min_length=1, max_length=LISTED_SEATS_MAX)] | UnsetType = UNSET
    prefix: Prefix | UnsetType = UNSET
    count: Annotated[int, Meta(ge=1, le=NUMBERED_SEATS_MAX)] | UnsetType = UNSET
    price: Price | UnsetType = UNSET


class ReservationInput(Struct, kw_only=True):
    """A buyer's wish; `seat_ids` has no repeats."""

    event_id: UUID
    seat_ids: Annotated[list[UUID], Meta(min_length=1, max_length=SEATS_MAX, extra_json_schema={"uniqueItems": True})]
    idempotency_key: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=KEY_MAX,
            description="Printable ASCII, the same again when the request is sent again.",
            extra_json_schema={"pattern": "^[ -~]+$"},
        ),
    ]


class EventBody(Struct, kw_only=True):
    """An event."""

    id: UUID
    name: str
    description: str
    venue: str
    start_at: Time
    end_at: Time
    total_seats: int
    created_at: Time
    updated_at: Time


class SeatBody(Struct, kw_only=True):
    """A seat; `reserved_by`, the reservation's id, is left out while it is available."""

    id: UUID
    event_id: UUID
    seat_number: str
    section: str | UnsetType = UNSET
    row: str | UnsetType = UNSET
    status: SeatStatus
    price: int
    reserved_by: UUID | UnsetType = UNSET


class SeatsBody(Struct, kw_only=True):
    """The answer to seats listed one by one."""

    seats: list[SeatBody]


class CountBody(Struct, kw_only=True):
    """How many seats of an event are available."""

    count: int


class AvailabilityBody(Struct, kw_only=True):
    """The status of every seat of an event, two bits a seat in chart order, base64."""

    event_id: UUID
    version: int
    chart_version: int
    seats: int
    available: int
    bits_per_seat: int
    statuses: str


class SeatMapBody(Struct, kw_only=True):
    """An event's chart, one array a column, in chart order."""

    event_id: UUID
    chart_version: int
    seats: int
    ids: list[UUID]
    seat_numbers: list[str]
    sections: list[str | None]
    rows: list[str | None]
    prices: list[int]


class ReservationBody(Struct, kw_only=True):
    """A reservation; `confirmed_at` once confirmed, `cancel_reason` once cancelled."""

    id: UUID
    event_id: UUID
    user_id: str
    seat_ids: tuple[UUID, ...]
    status: ReservationStatus
    total_amount: int
    expires_at: Time
    created_at: Time
    confirmed_at: Time | UnsetType = UNSET
    cancel_reason: CancelReason | UnsetType = UNSET


def event_body(event: Event) -> EventBody:
    """Show an event as the contract has it."""
    details = event.details
    return EventBody(
        id=event.id,
        name=details.name,
        description=details.description,
        venue=details.venue,
        start_at=details.start_at,
        end_at=details.end_at,
        total_seats=details.total_seats,
        created_at=event.created_at,
        updated_at=event.updated_at,
    )


def event_list(events: list[Event]) -> bytes:
    """Write a list of events."""
    return msgspec.json.encode([event_body(event) for event in events])


def seat_body(seat: Seat) -> SeatBody:
    """Show a seat as the contract has it."""
    return SeatBody(
        id=seat.id,
        event_id=seat.event_id,
        seat_number=seat.seat_number,
        section=UNSET if seat.section is None else seat.section,
        row=UNSET if seat.row is None else seat.row,
        status=seat.status,
        price=seat.price,
        reserved_by=UNSET if seat.reserved_by is None else seat.reserved_by,
    )


def added_seat_body(event_id: UUID, seat_id: UUID, seat: NewSeat) -> SeatBody:
    """Show a seat that is just being added."""
    return SeatBody(
        id=seat_id,
        event_id=event_id,
        seat_number=seat.seat_number,
        section=UNSET if seat.section is None else seat.section,
        row=UNSET if seat.row is None else seat.row,
        status=SeatStatus.AVAILABLE,
        price=seat.price,
    )


def reservation_body(reservation: Reservation) -> ReservationBody:
    """Show a reservation as the contract has it."""
    return ReservationBody(
        id=reservation.id,
        event_id=reservation.event_id,
        user_id=reservation.user_id,
        seat_ids=reservation.seat_ids,
        status=reservation.status,
        total_amount=reservation.total_amount,
        expires_at=reservation.expires_at,
        created_at=reservation.created_at,
        confirmed_at=UNSET if reservation.confirmed_at is None else reservation.confirmed_at,
        cancel_reason=UNSET if reservation.cancel_reason is None else reservation.cancel_reason,
    )
