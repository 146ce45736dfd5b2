"""Events over HTTP."""

from datetime import UTC, datetime

from holdfast.api.answer import Answer, event_version, json_answer
from holdfast.api.bodies import EventInput, event_body
from holdfast.api.call import Call
from holdfast.api.limits import SMALL_BODY_BYTES
from holdfast.api.representation import represent
from holdfast.api.strict_json import StrictDecoder
from holdfast.application.create_event import create_event
from holdfast.application.delete_event import delete_event
from holdfast.application.desk import Desk
from holdfast.application.edit_event import edit_event
from holdfast.domain.errors import EventNotFound, InvalidValue
from holdfast.domain.event import Event, EventDetails

# A day inside what every time zone can express as year 1 to 9999.
_EARLIEST = datetime(1, 1, 2, tzinfo=UTC)
_LATEST = datetime(9999, 12, 30, tzinfo=UTC)

_decoder = StrictDecoder(EventInput)


async def create(desk: Desk, call: Call) -> Answer:
    """POST /events."""
    event = await create_event(desk, await _details(call))
    return _event_answer(201, event)


async def find_all(desk: Desk, call: Call) -> Answer:
    """GET /events."""
    limit, offset = call.page()
    page = await desk.event_pages.page(limit=limit, offset=offset)
    return await represent(call, page.body, tag=f'"events-{page.digest}"'.encode(), version=None)


async def find(desk: Desk, call: Call) -> Answer:
    """GET /events/{id}."""
    event_id = call.path_id("id")
    event = await desk.reads.event(event_id)
    if event is None:
        raise EventNotFound(event_id)
    return _event_answer(200, event)


async def edit(desk: Desk, call: Call) -> Answer:
    """PUT /events/{id}."""
    event_id = call.path_id("id")
    event = await edit_event(desk, event_id, await _details(call))
    return _event_answer(200, event)


async def delete(desk: Desk, call: Call) -> Answer:
    """DELETE /events/{id}."""
    await delete_event(desk, call.path_id("id"))
    return Answer(204, content_type=None)


async def _details(call: Call) -> EventDetails:
    given = await _decoder.read(await call.body(SMALL_BODY_BYTES))
    return EventDetails(
        name=given.name,
        description=given.description,
        venue=given.venue,
        start_at=_in_utc("start_at", given.start_at),
        end_at=_in_utc("end_at", given.end_at),
        total_seats=given.total_seats,
    )


def _in_utc(field: str, time: datetime) -> datetime:
    if not _EARLIEST <= time <= _LATEST:
        raise InvalidValue(field, "must be in the years 1 to 9999")
    return time.astimezone(UTC)


def _event_answer(status: int, event: Event) -> Answer:
    return json_answer(status, event_body(event), event_version(event.version))
