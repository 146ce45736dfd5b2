"""The hall of an event over HTTP."""

from contextlib import AsyncExitStack
from typing import Any, Literal
from uuid import UUID

from msgspec import Struct

from holdfast import __version__
from holdfast.api import examples
from holdfast.api.halls.documents import (
    FORMAT_PARAMETER,
    PRICES_PARAMETER,
    adding_to_stored,
    format_of,
    reading_of,
    reading_stored,
)
from holdfast.api.identity.admission import actor_of
from holdfast.api.paging import BASE
from holdfast.api.representation import body_tag, represent, unchanged
from holdfast.api.seats.bulk_call import body_and_place
from holdfast.application.catalogue.add_section import Grown, add_section
from holdfast.application.catalogue.catalogue import Catalogue
from holdfast.application.catalogue.put_hall import HallPut, put_hall
from holdfast.application.giving_way import in_steps
from holdfast.application.reading.views import Views
from holdfast.domain.catalogue.refusals import (
    EventArchived,
    EventNotFound,
    HallInUse,
    HallNotFound,
    SeatNumberTaken,
    SeatsExceedTotal,
    UpgradeUnfinished,
)
from holdfast.domain.hall.formats import HallFormat, document_of
from holdfast.http.endpoints.answer import JSON, Answer, Header, event_version, json_answer
from holdfast.http.endpoints.call import Call
from holdfast.http.endpoints.operation import Operation, Success

CSV: Header = (b"content-type", b"text/csv; charset=utf-8")


class HallInput(Struct, kw_only=True):
    """A hall document. Its whole schema is at `/schemas/holdfast-hall-1.json`."""

    format: Literal["holdfast-hall/1"]


class SectionInput(Struct, kw_only=True):
    """A section of a hall document, with the key of its `floor` if the hall has floors."""

    key: str
    name: str


class HallBody(Struct, kw_only=True):
    """What came of a change of the hall: how many seats the event has, and how many were added and removed."""

    event_id: UUID
    seats: int
    added: int
    removed: int
    chart_version: int


async def put(catalogue: Catalogue, call: Call) -> Answer:
    """PUT /events/{id}/hall."""
    event_id = call.path_id("id")
    format_of(call)
    async with AsyncExitStack() as stack:
        raw, place = await body_and_place(catalogue, call, stack)
        await place.turn()
        read = reading_of(call, raw)
        done = await put_hall(catalogue, event_id, read, place=place, actor=actor_of(call))
    return _answer(200, event_id, done)


async def add(catalogue: Catalogue, call: Call) -> Answer:
    """POST /events/{id}/hall/sections."""
    event_id = call.path_id("id")

    async def grow(document: str | None) -> Grown:
        return Grown(*await in_steps(adding_to_stored(document, raw)))

    async with AsyncExitStack() as stack:
        raw, place = await body_and_place(catalogue, call, stack)
        await place.turn()
        done = await add_section(catalogue, event_id, grow, place=place, actor=actor_of(call))
    return _answer(201, event_id, done)


async def find(views: Views, call: Call) -> Answer:
    """GET /events/{id}/hall."""
    event_id = call.path_id("id")
    wanted = format_of(call)
    stored = await views.halls.hall(event_id)
    if stored is None:
        raise EventNotFound(event_id)
    if stored.document is None:
        raise HallNotFound(event_id)
    document = stored.document
    if wanted is HallFormat.HOLDFAST:
        body = document.encode()
        return await represent(call, body, tag=body_tag("hall_holdfast", body), version=stored.version)
    found = await views.halls.categories(event_id)
    if found is None:
        raise EventNotFound(event_id)
    categories = found[0]

    async def write() -> bytes:
        hall = await in_steps(reading_stored(document))
        return await in_steps(document_of(hall, wanted, categories=categories))

    # The tag names what the answer is written from, so that a client which has it costs nothing.
    tag = body_tag(f"hall_{wanted}", f"{__version__} {categories} {document}".encode())
    known = unchanged(call, tag, version=stored.version)
    if known is not None:
        return known
    body = await views.kept_exports.written(tag.decode(), write)
    content_type = CSV if wanted is HallFormat.CSV else JSON
    return await represent(call, body, tag=tag, version=stored.version, content_type=content_type)


def _answer(status: int, event_id: UUID, done: HallPut) -> Answer:
    body = HallBody(
        event_id=event_id,
        seats=done.seats,
        added=done.added,
        removed=done.removed,
        chart_version=done.chart_version,
    )
    return json_answer(status, body, event_version(done.version))


_REFUSALS = (EventNotFound, EventArchived, SeatsExceedTotal, SeatNumberTaken, UpgradeUnfinished)
OPERATIONS: tuple[Operation[Any], ...] = (
    Operation(
        method="GET",
        path=f"{BASE}/events/{{id}}/hall",
        name="get_hall",
        tag="halls",
        summary="Show the document of an event's hall",
        description="With `format=pretix` a seating plan of pretix, with `format=csv` a list of its seats.",
        needs=Views,
        handler=find,
        query=(FORMAT_PARAMETER,),
        success=Success(
            status=200,
            description="The document.",
            body=HallInput,
            event_version=True,
            tagged=True,
            example=examples.HALL,
        ),
        refusals=(EventNotFound, HallNotFound),
    ),
    Operation(
        method="PUT",
        path=f"{BASE}/events/{{id}}/hall",
        name="put_hall",
        tag="halls",
        summary="Replace an event's hall, and with it its seats: all or nothing",
        description=(
            "Seats that stay, by their seat number, keep their ids. Once any seat was held, a document must leave the "
            "existing seats as they are. Up to 100,000 seats; larger halls get further sections one by one. With "
            "`format=pretix` the body is a seating plan of pretix, with `format=csv` a list of seats."
        ),
        needs=Catalogue,
        handler=put,
        query=(FORMAT_PARAMETER, PRICES_PARAMETER),
        request=(HallInput,),
        request_examples={"a hall": examples.HALL},
        success=Success(
            status=200,
            description="How many seats the event has.",
            body=HallBody,
            event_version=True,
            example=examples.HALL_PUT,
        ),
        refusals=(*_REFUSALS, HallInUse),
    ),
    Operation(
        method="POST",
        path=f"{BASE}/events/{{id}}/hall/sections",
        name="add_section",
        tag="halls",
        summary="Add a section to an event's hall: all or nothing",
        description="Up to 100,000 seats in one section, and 1,000,000 in all.",
        needs=Catalogue,
        handler=add,
        request=(SectionInput,),
        request_examples={"an area": examples.SECTION},
        success=Success(
            status=201,
            description="How many seats the event has.",
            body=HallBody,
            event_version=True,
            example=examples.HALL_PUT,
        ),
        refusals=_REFUSALS,
    ),
)
