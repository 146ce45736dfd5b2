"""Adding seats over HTTP: one, or many at once."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID

from msgspec import UNSET, Struct

from holdfast.api import examples
from holdfast.api.identity.admission import actor_of
from holdfast.api.paging import BASE
from holdfast.api.seats.bulk_body import (
    ListedSeatsInput,
    NumberedSeatsInput,
    SeatInput,
    SeatsInput,
    decode_seat,
    read_bulk_body,
)
from holdfast.api.seats.bulk_call import body_and_place
from holdfast.api.seats.reads import SeatBody, seat_body
from holdfast.application.catalogue.add_seats import (
    SLICE_SEATS,
    SeatAddition,
    add_seats,
    begin_storing,
    number_seats,
    require_room,
)
from holdfast.application.catalogue.bulk_line import Place
from holdfast.application.catalogue.catalogue import Catalogue
from holdfast.application.giving_way import give_way
from holdfast.domain.booking.states import SeatStatus
from holdfast.domain.catalogue.refusals import EventArchived, EventNotFound, SeatNumberTaken, SeatsExceedTotal
from holdfast.domain.catalogue.seat import NewSeat, numbered_seats
from holdfast.domain.identity.audit import Actor
from holdfast.domain.legible import require_legible
from holdfast.domain.refusal import InvalidValue
from holdfast.http.endpoints.answer import Answer, event_version, json_answer, list_pieces
from holdfast.http.endpoints.call import Call
from holdfast.http.endpoints.operation import Link, Operation, Success

SEAT_BODY_BYTES = 16 * 1024
"""The three texts of a seat take 1,800 bytes, with every character escaped."""


class SeatsBody(Struct, kw_only=True):
    """The response when seats are listed individually."""

    seats: list[SeatBody]


async def add_one(catalogue: Catalogue, call: Call) -> Answer:
    """POST /events/{event_id}/seats."""
    event_id = call.path_id("event_id")
    given = await decode_seat.read(await call.body(SEAT_BODY_BYTES))
    try:
        seats, version = await add_seats(catalogue, event_id, [_new_seat(given)], actor=actor_of(call))
    except InvalidValue as error:
        field = str(error.data["field"]).removeprefix("seats[0].")
        raise InvalidValue(field, str(error.data["problem"])) from None
    return json_answer(201, seat_body(seats[0]), event_version(version))


async def add_many(catalogue: Catalogue, call: Call) -> Answer:
    """POST /events/{event_id}/seats/bulk, in either form."""
    event_id = call.path_id("event_id")
    async with AsyncExitStack() as stack:
        raw, place = await body_and_place(catalogue, call, stack)
        await place.turn()
        given = await read_bulk_body(raw)
        if given.seats is UNSET:
            series = _series_of(given)
            await require_room(catalogue, event_id, series.count)
            addition = await number_seats(catalogue.ids, event_id, await _numbered(series))
            return await _add_together(catalogue, addition, place, actor_of(call), before=b"[", after=b"]")
        if given.prefix is not UNSET or given.count is not UNSET:
            raise InvalidValue("seats", "cannot be given together with prefix and count")
        await require_room(catalogue, event_id, len(given.seats))
        addition = await number_seats(catalogue.ids, event_id, await _listed(given.seats))
        return await _add_together(catalogue, addition, place, actor_of(call), before=b'{"seats":[', after=b"]}")


async def _add_together(
    catalogue: Catalogue, addition: SeatAddition, place: Place, actor: Actor, *, before: bytes, after: bytes
) -> Answer:
    """Encode the response while PostgreSQL stores the seats."""
    storing = begin_storing(catalogue, addition, actor=actor)
    place.keep_until(storing.task)
    event_id, ids, seats = addition.event_id, addition.seat_ids, addition.seats
    places = range(len(seats))
    try:
        pieces = await list_pieces(
            places, lambda at: added_seat_body(event_id, ids[at], seats[at]), before=before, after=after
        )
    except BaseException:
        storing.leave()
        raise
    return Answer(201, pieces, (event_version(await storing.result()),))


def _new_seat(given: SeatInput) -> NewSeat:
    return NewSeat(
        seat_number=given.seat_number,
        price=given.price,
        section=None if given.section is UNSET else given.section,
        row=None if given.row is UNSET else given.row,
    )


async def _listed(given: Sequence[SeatInput]) -> list[NewSeat]:
    return await _in_slices(len(given), lambda start, end: map(_new_seat, given[start:end]))


def _series_of(given: SeatsInput) -> NumberedSeatsInput:
    if given.prefix is UNSET and given.count is UNSET:
        raise InvalidValue("body", "must have either seats, or prefix, count and price")
    if given.prefix is UNSET:
        raise InvalidValue("prefix", "is required with count")
    if given.count is UNSET:
        raise InvalidValue("count", "is required with prefix")
    if given.price is UNSET:
        raise InvalidValue("price", "is required with prefix and count")
    # A space at the prefix's end is allowed, because the number follows it.
    require_legible("prefix", given.prefix.rstrip(" ") or " ")
    return NumberedSeatsInput(prefix=given.prefix, count=given.count, price=given.price)


async def _numbered(series: NumberedSeatsInput) -> list[NewSeat]:
    return await _in_slices(
        series.count,
        lambda start, end: numbered_seats(prefix=series.prefix, first=start + 1, count=end - start, price=series.price),
    )


async def _in_slices(count: int, make: Callable[[int, int], Iterable[NewSeat]]) -> list[NewSeat]:
    """Make seats slice by slice, letting other requests run in between."""
    seats: list[NewSeat] = []
    for start in range(0, count, SLICE_SEATS):
        seats += make(start, min(start + SLICE_SEATS, count))
        await give_way()
    return seats


def added_seat_body(event_id: UUID, seat_id: UUID, seat: NewSeat) -> SeatBody:
    """Return the body of a seat that is just being added."""
    return SeatBody(
        id=seat_id,
        event_id=event_id,
        seat_number=seat.seat_number,
        section=UNSET if seat.section is None else seat.section,
        row=UNSET if seat.row is None else seat.row,
        status=SeatStatus.AVAILABLE,
        price=seat.price,
    )


_REFUSALS = (EventNotFound, EventArchived, SeatNumberTaken, SeatsExceedTotal)
OPERATIONS: tuple[Operation[Any], ...] = (
    Operation(
        method="POST",
        path=f"{BASE}/events/{{event_id}}/seats",
        name="add_seat",
        tag="seats",
        summary="Add a seat",
        needs=Catalogue,
        handler=add_one,
        request=(SeatInput,),
        request_examples={"a seat": examples.SEAT_INPUT},
        success=Success(
            status=201,
            description="The seat.",
            body=SeatBody,
            event_version=True,
            example=examples.SEAT,
            links=(Link("get_seat", "id"),),
        ),
        refusals=_REFUSALS,
    ),
    Operation(
        method="POST",
        path=f"{BASE}/events/{{event_id}}/seats/bulk",
        name="add_seats",
        tag="seats",
        summary="Add many seats: all or none",
        description=(
            "Either `prefix`, `count` and `price`, for seats PREFIX-1 to PREFIX-count; the response is an array in "
            "counting order. Or `seats`; the response is an object with `seats` in the order given."
        ),
        needs=Catalogue,
        handler=add_many,
        request=(NumberedSeatsInput, ListedSeatsInput),
        request_examples={"numbered": examples.NUMBERED_SEATS, "listed": examples.LISTED_SEATS},
        success=Success(
            status=201,
            description="The seats.",
            body=(list[SeatBody], SeatsBody),
            event_version=True,
            example={"seats": [examples.SEAT]},
        ),
        refusals=_REFUSALS,
    ),
)
