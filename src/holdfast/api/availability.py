"""Large halls over HTTP: the chart once, then two bits a seat, then only what changes."""

from base64 import b64encode

from holdfast.api.answer import Answer, Header, event_version
from holdfast.api.call import Call
from holdfast.api.operation import QueryParameter
from holdfast.api.representation import represent, state_tag
from holdfast.api.seats import seat_map_of
from holdfast.application.desk import Desk
from holdfast.application.reading.listeners import LastSeen
from holdfast.domain.errors import EventNotFound

CHART_VERSION = QueryParameter("chart_version", "The chart that is wanted; makes the answer immutable.", "2000")

OCTETS: Header = (b"content-type", b"application/octet-stream")
EVENT_STREAM: Header = (b"content-type", b"text/event-stream; charset=utf-8")
IMMUTABLE: Header = (b"cache-control", b"public, max-age=31536000, immutable")
_STREAM_HEADERS: tuple[Header, ...] = ((b"cache-control", b"no-store"), (b"x-accel-buffering", b"no"))


async def seat_map(desk: Desk, call: Call) -> Answer:
    """GET /events/{event_id}/seat-map."""
    event_id = call.path_id("event_id")
    chart = await desk.charts.chart(event_id)
    if chart is None:
        raise EventNotFound(event_id)
    columns = ",".join(f'"{name}":{values}' for name, values in chart.columns.items())
    body = f'{{"event_id":"{event_id}","chart_version":{chart.seats},"seats":{chart.seats},{columns}}}'.encode()
    # Seats are only ever appended, so their number names the chart: asked for by it, the answer never changes.
    named = call.query().get("chart_version") == str(chart.seats)
    return await represent(
        call,
        body,
        tag=f'"chart-{chart.seats}"'.encode(),
        version=chart.event_version,
        headers=(IMMUTABLE,) if named else (),
    )


async def availability(desk: Desk, call: Call) -> Answer:
    """GET /events/{event_id}/availability, as JSON or, when asked for, as bare bytes."""
    event_id = call.path_id("event_id")
    current = await seat_map_of(desk, event_id)
    chart_version: Header = (b"chart-version", b"%d" % current.seats)
    if b"application/octet-stream" in call.headers.get(b"accept", b""):
        return await represent(
            call,
            current.statuses,
            tag=state_tag("bits", current),
            version=current.version,
            content_type=OCTETS,
            headers=(chart_version,),
        )
    body = (
        b'{"event_id":"%s","version":%d,"chart_version":%d,"seats":%d,"available":%d,"bits_per_seat":2,"statuses":"%s"}'
        % (
            str(event_id).encode(),
            current.version,
            current.seats,
            current.seats,
            current.available,
            b64encode(current.statuses),
        )
    )
    return await represent(
        call, body, tag=state_tag("availability", current), version=current.version, headers=(chart_version,)
    )


async def changes(desk: Desk, call: Call) -> Answer:
    """GET /events/{event_id}/changes: server-sent events."""
    event_id = call.path_id("event_id")
    after = LastSeen.parse(call.headers.get(b"last-event-id", b""))
    listener = await desk.live_changes.listen(event_id, after=after)
    headers = (event_version(listener.version), *_STREAM_HEADERS)
    return Answer(200, b"", headers, EVENT_STREAM, stream=listener)
