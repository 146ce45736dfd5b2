"""Which seats a channel keeps back: putting seats into it, giving them back, listing them."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial
from typing import Annotated, Any, TypeAlias, TypeVar
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from holdfast.api import examples
from holdfast.api.channels.channels import PATH, existing_key
from holdfast.api.fields import NO_NUL, or_default
from holdfast.api.identity.admission import actor_of, caller_of
from holdfast.api.seats.bulk_call import body_and_place
from holdfast.api.seats.reads import SeatBody, seat_body
from holdfast.application.catalogue.catalogue import Catalogue, UnderWay
from holdfast.application.catalogue.keep_seats_back import begin_giving_back, begin_keeping_back, find_seats
from holdfast.application.identity.verbs import Verb
from holdfast.application.reading.views import Views
from holdfast.domain.booking.channels import digest_of
from holdfast.domain.booking.refusals import SeatsNotFound, TooManyTries
from holdfast.domain.catalogue.channel import CHANNEL_SEATS_MAX, RowOfSeats, SeatSelection
from holdfast.domain.catalogue.refusals import ChannelNotFound, EventArchived, EventNotFound, SelectionNotFound
from holdfast.http.endpoints.answer import Answer, event_version, json_answer
from holdfast.http.endpoints.call import Call
from holdfast.http.endpoints.operation import Operation, QueryParameter, Success
from holdfast.http.endpoints.strict_json import StrictDecoder

BODY_BYTES = 512 * 1024
"""10,000 seat ids take 390 KB."""
NAMES_MAX = 1_000
PAGE_SEATS = 1_000
"""Seats of a channel in one answer."""

Done = TypeVar("Done")
_Begin: TypeAlias = Callable[[Catalogue, UUID, str, SeatSelection, list[UUID]], UnderWay[Done]]
Name = Annotated[str, Meta(min_length=1, max_length=255, pattern=NO_NUL)]


def _some(description: str) -> Meta:
    return Meta(min_length=1, max_length=NAMES_MAX, description=description)


class RowInput(Struct, kw_only=True):
    """The row of a section, by the section's key or name."""

    section: Name
    row: Name


class SelectionInput(Struct, kw_only=True):
    """Which seats: exactly one of the lists. A row without a section means the rows of that label in all sections."""

    seat_ids: Annotated[list[UUID], Meta(min_length=1, max_length=CHANNEL_SEATS_MAX)] | UnsetType = UNSET
    sections: Annotated[list[Name], _some("By key, or by name.")] | UnsetType = UNSET
    rows: Annotated[list[Name | RowInput], _some("By label, or with the section.")] | UnsetType = UNSET
    categories: Annotated[list[Name], _some("By key.")] | UnsetType = UNSET


class KeptBackBody(Struct, kw_only=True):
    """What was kept back.

    `seats` are in the channel now; `kept_back` of them are free. Those in `taken_seat_ids` are held or sold, and will
    be kept back once they are free again.
    """

    key: str
    seats: int
    kept_back: int
    taken_seat_ids: tuple[UUID, ...]


class GivenBackBody(Struct, kw_only=True):
    """How many seats have left the channel, and how many of these are free."""

    key: str
    seats: int
    available: int


class ChannelSeatsBody(Struct, kw_only=True):
    """Seats of a channel by id, as they are to those who reach them. `next` is there if there may be more."""

    key: str
    seats: list[SeatBody]
    next: UUID | UnsetType = UNSET


def _quotes_of_selection(given: SelectionInput) -> int:
    return -1 if given.seat_ids is UNSET else 2 + 2 * len(given.seat_ids)


_decoder = StrictDecoder(SelectionInput, quotes=_quotes_of_selection)


async def keep_back(catalogue: Catalogue, call: Call) -> Answer:
    """POST /events/{event_id}/channels/{key}/seats."""
    key, done = await _change(catalogue, call, partial(begin_keeping_back, actor=actor_of(call)))
    body = KeptBackBody(key=key, seats=done.seats, kept_back=done.kept_back, taken_seat_ids=done.taken_seat_ids)
    return json_answer(200, body, event_version(done.version))


async def give_back(catalogue: Catalogue, call: Call) -> Answer:
    """POST /events/{event_id}/channels/{key}/seats/release."""
    key, done = await _change(catalogue, call, partial(begin_giving_back, actor=actor_of(call)))
    body = GivenBackBody(key=key, seats=done.seats, available=done.available)
    return json_answer(200, body, event_version(done.version))


async def find_all(views: Views, call: Call) -> Answer:
    """GET /events/{event_id}/channels/{key}/seats."""
    event_id, key = call.path_id("event_id"), existing_key(call)
    after, code = call.query_id("after"), call.only_header(b"x-access-code")
    if code is not None:
        digest, address = digest_of(code), call.client_address()
        if not await views.access_codes.opens(event_id, key, digest, address):
            raise ChannelNotFound(key)
    found = await views.channels.seats(event_id, key, after=after, limit=PAGE_SEATS)
    if found is None:
        raise EventNotFound(event_id)
    if found.archived:
        raise EventArchived(event_id).at(found.version)
    seats = found.seats
    if seats is None:
        raise ChannelNotFound(key)
    bodies = [seat_body(seat) for seat in seats]
    if not await caller_of(call).may(Verb.SEE_HOLDERS, event_id):
        for body in bodies:
            body.reserved_by = UNSET
    page = ChannelSeatsBody(key=key, seats=bodies, next=seats[-1].id if len(seats) == PAGE_SEATS else UNSET)
    return json_answer(200, page, event_version(found.version))


async def _change(catalogue: Catalogue, call: Call, begin: _Begin[Done]) -> tuple[str, Done]:
    """Read which seats are meant, make a change of them in their turn, and return the channel's key and what was done.

    The seats are looked for once it is this call's turn, because that may take reading the whole chart.
    """
    event_id, key = call.path_id("event_id"), existing_key(call)
    async with AsyncExitStack() as stack:
        raw, place = await body_and_place(catalogue, call, stack, bytes_max=BODY_BYTES)
        selection = _selection_of(await _decoder.read(raw))
        await place.turn()
        seat_ids = await find_seats(catalogue.seat_search, event_id, selection)
        under_way = begin(catalogue, event_id, key, selection, seat_ids)
        place.keep_until(under_way.task)
        return key, await under_way.result()


def _selection_of(given: SelectionInput) -> SeatSelection:
    return SeatSelection(
        seat_ids=or_default(given.seat_ids, []),
        sections=or_default(given.sections, []),
        rows=[
            RowOfSeats(row) if isinstance(row, str) else RowOfSeats(row.row, row.section)
            for row in or_default(given.rows, [])
        ],
        categories=or_default(given.categories, []),
    )


_SEAT_ID = str(examples.SEAT["id"])
_AFTER = QueryParameter(
    "after", "The last seat of the page before (`next`); the list continues after it.", _SEAT_ID, is_id=True
)
_KEPT_BACK = {"key": "fan-club", "seats": 2, "kept_back": 1, "taken_seat_ids": [_SEAT_ID]}
_SELECTIONS = {
    "seats": {"seat_ids": [_SEAT_ID]},
    "sections": {"sections": ["stalls"]},
    "rows": {"rows": [{"section": "stalls", "row": "A"}]},
    "categories": {"categories": ["gold"]},
}
_REFUSALS = (EventNotFound, EventArchived, ChannelNotFound, SeatsNotFound, SelectionNotFound)
OPERATIONS: tuple[Operation[Any], ...] = (
    Operation(
        method="POST",
        path=f"{PATH}/{{key}}/seats",
        name="keep_back_seats",
        tag="channels",
        summary="Keep seats back for a channel",
        description=(
            "Up to 10,000 seats. A seat is in at most one channel, the last that took it. Nobody loses a hold: seats "
            "that are held or sold are kept back once they are free again."
        ),
        needs=Catalogue,
        handler=keep_back,
        texts_in_path=("key",),
        request=(SelectionInput,),
        request_examples=_SELECTIONS,
        success=Success(
            status=200,
            description="What was kept back.",
            body=KeptBackBody,
            event_version=True,
            example=_KEPT_BACK,
        ),
        refusals=_REFUSALS,
    ),
    Operation(
        method="POST",
        path=f"{PATH}/{{key}}/seats/release",
        name="give_back_seats",
        tag="channels",
        summary="Give seats of a channel back to all",
        description="Up to 10,000 seats. Those that are not in the channel are left alone.",
        needs=Catalogue,
        handler=give_back,
        texts_in_path=("key",),
        request=(SelectionInput,),
        request_examples=_SELECTIONS,
        success=Success(
            status=200,
            description="What was given back.",
            body=GivenBackBody,
            event_version=True,
            example={"key": "fan-club", "seats": 2, "available": 1},
        ),
        refusals=_REFUSALS,
    ),
    Operation(
        method="GET",
        path=f"{PATH}/{{key}}/seats",
        name="list_channel_seats",
        tag="channels",
        summary="List the seats of a channel, up to 1,000 at a time",
        description=(
            "For its organiser, or with the channel's code in `X-Access-Code`. More than ten wrong codes a minute from "
            "one address for one event are refused."
        ),
        needs=Views,
        handler=find_all,
        texts_in_path=("key",),
        query=(_AFTER,),
        success=Success(
            status=200,
            description="The seats.",
            body=ChannelSeatsBody,
            event_version=True,
            example={"key": "fan-club", "seats": [examples.SEAT]},
        ),
        refusals=(EventNotFound, EventArchived, ChannelNotFound, TooManyTries),
    ),
)
