"""Events over HTTP: handlers and operations."""

from typing import Any

from holdfast.api import examples
from holdfast.api.event_bodies import EventBody, EventInput, NewEventInput, details_of, event_body, left_out_of
from holdfast.api.fields import or_default
from holdfast.api.identity.admission import actor_of, caller_of, principal_of
from holdfast.api.paging import BASE, PAGE
from holdfast.api.preconditions import event_tag, expected_editions
from holdfast.api.representation import has_tag, headers_of, represent
from holdfast.application.catalogue.catalogue import Catalogue
from holdfast.application.catalogue.create_event import create_event
from holdfast.application.catalogue.delete_event import delete_event
from holdfast.application.catalogue.edit_event import edit_event
from holdfast.application.catalogue.placing import Placing
from holdfast.application.identity.policy import reach_of, require_unseen
from holdfast.application.identity.verbs import Verb
from holdfast.application.reading.views import Views
from holdfast.domain.catalogue.event import Event
from holdfast.domain.catalogue.refusals import (
    EventArchived,
    EventHasConfirmedReservations,
    EventNotFound,
    PreconditionFailed,
    SeatsExceedTotal,
    UpgradeUnfinished,
)
from holdfast.domain.identity.refusals import OrganiserNotFound
from holdfast.http.endpoints.answer import Answer, Header, json_answer
from holdfast.http.endpoints.call import Call
from holdfast.http.endpoints.operation import Link, Operation, Success
from holdfast.http.endpoints.strict_json import StrictDecoder

_decoder = StrictDecoder(EventInput)
_new_decoder = StrictDecoder(NewEventInput)
BODY_BYTES = 160 * 1024
"""10,000 characters of description take up to 120,000 bytes, with every character escaped."""


async def create(placing: Placing, call: Call) -> Answer:
    """POST /events."""
    given = await _new_decoder.read(await call.body(BODY_BYTES))
    wanted = or_default(given.organiser_id, None)
    organiser_id = await caller_of(call).organiser_for(Verb.CREATE_EVENT, wanted)
    cell = or_default(given.cell, None)
    if cell is not None:
        require_unseen(principal_of(call), Verb.CHOOSE_CELL)
    catalogue = await placing.catalogue(cell, seats=given.total_seats)
    event = await create_event(
        catalogue, details_of(given, principal_of(call)), organiser_id=organiser_id, actor=actor_of(call)
    )
    return _event_answer(201, event)


async def find_all(views: Views, call: Call) -> Answer:
    """GET /events."""
    limit, offset = call.page()
    reach = reach_of(principal_of(call), Verb.SEE_DRAFTS)
    drafts_of = None if reach.everything else reach.organiser_ids
    page = await views.event_pages.page(limit=limit, offset=offset, drafts_of=drafts_of)
    return await represent(call, page.body, tag=f'"events-{page.digest}"'.encode(), version=None)


async def find(views: Views, call: Call) -> Answer:
    """GET /events/{id}."""
    event_id = call.path_id("id")
    event = await views.reads.event(event_id)
    if event is None:
        raise EventNotFound(event_id)
    if has_tag(call, event_tag(event)):
        return Answer(304, b"", _headers(event), content_type=None)
    return _event_answer(200, event)


async def edit(catalogue: Catalogue, call: Call) -> Answer:
    """PUT /events/{id}."""
    event_id = call.path_id("id")
    given = await _decoder.read(await call.body(BODY_BYTES))
    event = await edit_event(
        catalogue,
        event_id,
        details_of(given, principal_of(call)),
        actor=actor_of(call),
        unchanged=left_out_of(given),
        if_edition=expected_editions(call),
    )
    return _event_answer(200, event)


async def delete(catalogue: Catalogue, call: Call) -> Answer:
    """DELETE /events/{id}."""
    event_id = call.path_id("id")
    await delete_event(catalogue, event_id, actor=actor_of(call), if_edition=expected_editions(call))
    return Answer(204, content_type=None)


def _event_answer(status: int, event: Event) -> Answer:
    return json_answer(status, event_body(event), *_headers(event))


def _headers(event: Event) -> tuple[Header, ...]:
    return headers_of(event_tag(event), event.version, ())


_ONE = Success(
    status=200,
    description="The event.",
    body=EventBody,
    event_version=True,
    tagged=True,
    example=examples.EVENT,
)
OPERATIONS: tuple[Operation[Any], ...] = (
    Operation(
        method="GET",
        path=f"{BASE}/events/{{id}}",
        name="get_event",
        tag="events",
        summary="Show an event",
        needs=Views,
        handler=find,
        success=_ONE,
        refusals=(EventNotFound,),
    ),
    Operation(
        method="PUT",
        path=f"{BASE}/events/{{id}}",
        name="edit_event",
        tag="events",
        summary="Replace an event's details",
        needs=Catalogue,
        handler=edit,
        request=(EventInput,),
        request_examples={"a concert": examples.EVENT_INPUT},
        success=_ONE,
        if_match=True,
        refusals=(EventNotFound, EventArchived, PreconditionFailed, SeatsExceedTotal, UpgradeUnfinished),
    ),
    Operation(
        method="DELETE",
        path=f"{BASE}/events/{{id}}",
        name="delete_event",
        tag="events",
        summary="Delete an event with no sold seats",
        description="Its live holds are cancelled; its reservations stay readable.",
        needs=Catalogue,
        handler=delete,
        success=Success(status=204, description="The event was deleted.", media_type=None),
        if_match=True,
        refusals=(EventNotFound, EventArchived, EventHasConfirmedReservations, PreconditionFailed),
    ),
    Operation(
        method="GET",
        path=f"{BASE}/events",
        name="list_events",
        lists_all=True,
        tag="events",
        summary="List events, newest first",
        needs=Views,
        handler=find_all,
        query=PAGE,
        success=Success(status=200, description="The events.", body=list[EventBody], example=[examples.EVENT]),
    ),
    Operation(
        method="POST",
        path=f"{BASE}/events",
        name="create_event",
        tag="events",
        summary="Create an event",
        needs=Placing,
        handler=create,
        request=(NewEventInput,),
        request_examples={"a concert": examples.EVENT_INPUT},
        refusals=(OrganiserNotFound, UpgradeUnfinished),
        success=Success(
            status=201,
            description="The event.",
            body=EventBody,
            event_version=True,
            tagged=True,
            example=examples.EVENT,
            links=(
                *(Link(name, "id") for name in ("get_event", "edit_event", "delete_event")),
                *(Link(name, "event_id") for name in ("list_seats", "add_seat", "add_seats", "count_available_seats")),
            ),
        ),
    ),
)
