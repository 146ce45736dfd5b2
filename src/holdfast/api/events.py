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

# PostgreSQL's driver takes the very first and the very last microsecond for "infinity", which is no time.
_EARLIEST = datetime.min.replace(microsecond=1, tzinfo=UTC)
_LATEST = datetime.max.replace(microsecond=999_998, tzinfo=UTC)

_TIMES = "after 0001-01-01T00:00:00 and before 9999-12-31T23:59:59.999999"

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
    try:
        in_utc = time.astimezone(UTC)
    except OverflowError:
        in_utc = None
    if in_utc is None or not _EARLIEST <= in_utc <= _LATEST:
        raise InvalidValue(field, f"must be {_TIMES}, in UTC")
    return in_utc


def _event_answer(status: int, event: Event) -> Answer:
    return json_answer(status, event_body(event), event_version(event.version))
