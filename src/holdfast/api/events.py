"""Events over HTTP: bodies, handlers, operations."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from holdfast.api import examples
from holdfast.api.fields import NO_NUL, Time, in_utc
from holdfast.api.identity.admission import actor_of, caller_of, principal_of
from holdfast.api.paging import BASE, PAGE
from holdfast.api.preconditions import event_tag, expected_editions
from holdfast.api.representation import has_tag, headers_of, represent
from holdfast.application.catalogue.catalogue import Catalogue
from holdfast.application.catalogue.create_event import create_event
from holdfast.application.catalogue.delete_event import delete_event
from holdfast.application.catalogue.edit_event import edit_event
from holdfast.application.identity.policy import reach_of
from holdfast.application.identity.verbs import Verb
from holdfast.application.reading.views import Views
from holdfast.domain.catalogue.event import (
    DESCRIPTION_MAX,
    SEATS_PER_BUYER_MAX,
    TEXT_MAX,
    TOTAL_SEATS_MAX,
    Event,
    EventDetails,
)
from holdfast.domain.catalogue.refusals import (
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


class EventInput(Struct, kw_only=True):
    """What an organiser writes about an event. `end_at` must not be before `start_at`."""

    name: Annotated[str, Meta(min_length=1, max_length=TEXT_MAX, pattern=NO_NUL)]
    description: Annotated[str, Meta(max_length=DESCRIPTION_MAX, pattern=NO_NUL)] = ""
    venue: Annotated[str, Meta(max_length=TEXT_MAX, pattern=NO_NUL)] = ""
    start_at: Time
    end_at: Time
    total_seats: Annotated[int, Meta(ge=1, le=TOTAL_SEATS_MAX)]
    max_seats_per_buyer: Annotated[
        Annotated[int, Meta(ge=1, le=SEATS_PER_BUYER_MAX)] | UnsetType | None,
        Meta(
            description=(
                "How many seats one buyer may have, held and sold together; null for no limit. If it is left out, a "
                "new event has no limit, and an edited one keeps its own. A lowered limit takes no seats away."
            )
        ),
    ] = UNSET
    published: Annotated[
        bool | UnsetType | None,
        Meta(
            description=(
                "Whether everybody may see the event (null or, for a new event, left out: yes). A draft is 404, and in "
                "no list, for all but its organiser's members. An edit that leaves it out changes nothing."
            )
        ),
    ] = UNSET


class NewEventInput(EventInput, kw_only=True):
    """What an organiser writes of a new event. `organiser_id` is needed by who works for several of them."""

    organiser_id: UUID | UnsetType = UNSET


class EventBody(Struct, kw_only=True):
    """An event."""

    id: UUID
    organiser_id: UUID
    name: str
    description: str
    venue: str
    start_at: Time
    end_at: Time
    total_seats: int
    max_seats_per_buyer: int | None
    published: bool
    created_at: Time
    updated_at: Time


_decoder = StrictDecoder(EventInput)
_new_decoder = StrictDecoder(NewEventInput)
BODY_BYTES = 160 * 1024
"""10,000 characters of description take up to 120,000 bytes, with every character escaped."""


async def create(catalogue: Catalogue, call: Call) -> Answer:
    """POST /events."""
    given = await _new_decoder.read(await call.body(BODY_BYTES))
    wanted = None if given.organiser_id is UNSET else given.organiser_id
    organiser_id = await caller_of(call).organiser_for(Verb.CREATE_EVENT, wanted)
    event = await create_event(catalogue, _details(given), organiser_id=organiser_id, actor=actor_of(call))
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
    unchanged = [name for name in ("max_seats_per_buyer", "published") if getattr(given, name) is UNSET]
    event = await edit_event(
        catalogue,
        event_id,
        _details(given),
        actor=actor_of(call),
        unchanged=unchanged,
        if_edition=expected_editions(call),
    )
    return _event_answer(200, event)


async def delete(catalogue: Catalogue, call: Call) -> Answer:
    """DELETE /events/{id}."""
    event_id = call.path_id("id")
    await delete_event(catalogue, event_id, actor=actor_of(call), if_edition=expected_editions(call))
    return Answer(204, content_type=None)


def _details(given: EventInput) -> EventDetails:
    limit = given.max_seats_per_buyer
    return EventDetails(
        name=given.name,
        description=given.description,
        venue=given.venue,
        start_at=in_utc("start_at", given.start_at),
        end_at=in_utc("end_at", given.end_at),
        total_seats=given.total_seats,
        max_seats_per_buyer=None if limit is UNSET else limit,
        published=given.published is not False,
    )


def _event_answer(status: int, event: Event) -> Answer:
    return json_answer(status, event_body(event), *_headers(event))


def _headers(event: Event) -> tuple[Header, ...]:
    return headers_of(event_tag(event), event.version, ())


def event_body(event: Event) -> EventBody:
    """Convert an event to its form in the contract."""
    details = event.details
    return EventBody(
        id=event.id,
        organiser_id=event.organiser_id,
        name=details.name,
        description=details.description,
        venue=details.venue,
        start_at=details.start_at,
        end_at=details.end_at,
        total_seats=details.total_seats,
        max_seats_per_buyer=details.max_seats_per_buyer,
        published=details.published,
        created_at=event.created_at,
        updated_at=event.updated_at,
    )


def event_list(events: list[Event]) -> bytes:
    """Encode a list of events."""
    return msgspec.json.encode([event_body(event) for event in events])


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
        refusals=(EventNotFound, PreconditionFailed, SeatsExceedTotal, UpgradeUnfinished),
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
        refusals=(EventNotFound, EventHasConfirmedReservations, PreconditionFailed),
    ),
    Operation(
        method="GET",
        path=f"{BASE}/events",
        name="list_events",
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
        needs=Catalogue,
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
