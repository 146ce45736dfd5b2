"""Large halls over HTTP: the chart once, then two bits per seat, then only the changes."""

import re
from base64 import b64encode
from typing import Any
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType

from holdfast.api import examples
from holdfast.api.identity.admission import caller_of
from holdfast.api.paging import BASE
from holdfast.api.representation import headers_of, represent, state_tag, unchanged
from holdfast.api.seats.standing import CHART_STATE, chart_tag_of_client, refuse_as_gone, seat_map_of, standing_of
from holdfast.application.identity.verbs import Verb
from holdfast.application.reading.listeners import LastSeen
from holdfast.application.reading.seat_map import SeatMap
from holdfast.application.reading.source import Standing
from holdfast.application.reading.views import Views
from holdfast.domain.catalogue.refusals import EventArchived, EventNotFound
from holdfast.http.endpoints.answer import JSON, Answer, Header, event_version
from holdfast.http.endpoints.call import Call
from holdfast.http.endpoints.operation import Operation, QueryParameter, Success

CHART_VERSION = QueryParameter("chart_version", "The chart's expected version; makes the response immutable.", "2000")

_AFTER = QueryParameter("after", "An id of this stream, as `Last-Event-ID`, which counts if both are sent.", "42")
REPRESENTATION_VERSION = 2
"""Version 1 had no code 3. A client that does not know it takes the seat for one that is not available."""

OCTETS: Header = (b"content-type", b"application/octet-stream")
EVENT_STREAM: Header = (b"content-type", b"text/event-stream; charset=utf-8")
IMMUTABLE: Header = (b"cache-control", b"public, max-age=31536000, immutable")
_STREAM_HEADERS: tuple[Header, ...] = ((b"cache-control", b"no-store"), (b"x-accel-buffering", b"no"))
_CHART_TAG = re.compile(rb'"(?:chart-(?P<prices>[0-9]{1,10})|lasting)-%s(?:-gz)?"' % CHART_STATE)


async def seat_map(views: Views, call: Call) -> Answer:
    """GET /events/{event_id}/seat-map."""
    event_id = call.path_id("event_id")
    standing = await standing_of(views, event_id)
    # A response for this version of the chart never changes. So it is without the prices of categories.
    lasting = names_version(call, standing.chart_version)
    headers = (IMMUTABLE,) if lasting else ()
    # The map moves on while the log is asked. The answer is about this version.
    version = standing.version
    tag = await _chart_that_client_has(views, call, event_id, standing, lasting=lasting)
    if tag is not None:
        return Answer(304, b"", headers_of(tag, version, headers), content_type=None)
    found = await views.kept_charts.chart(event_id, standing)
    if found is None:
        await refuse_as_gone(views, event_id)
    chart, version = found
    lasting = names_version(call, chart.chart_version)
    headers = (IMMUTABLE,) if lasting else ()
    edition = f"{chart.chart_version}-{chart.mark.name}"
    body, tag = chart.body, f'"chart-{chart.edits.prices}-{edition}"'.encode()
    if lasting and chart.lasting_body is not None:
        body, tag = chart.lasting_body, f'"lasting-{edition}"'.encode()
    return await represent(call, body, tag=tag, version=version, headers=headers, kept=(chart.answers, chart.mark))


def names_version(call: Call, chart_version: int) -> bool:
    """Return whether a request names this version of the chart, so that its response never changes."""
    return call.query().get("chart_version") == str(chart_version)


async def _chart_that_client_has(
    views: Views, call: Call, event_id: UUID, standing: SeatMap | Standing, *, lasting: bool
) -> bytes | None:
    """Return the client's entity tag that identifies the event's present chart; None if it has none.

    Unless the tag is of a chart without the prices of categories, these must not have changed since either.
    """
    prices = standing.edits.prices

    def same_prices(parts: re.Match[bytes]) -> bool:
        return lasting if parts["prices"] is None else int(parts["prices"]) == prices

    return await chart_tag_of_client(views, call, event_id, standing, _CHART_TAG, fits=same_prices)


async def availability(views: Views, call: Call) -> Answer:
    """GET /events/{event_id}/availability, as JSON or, on request, as raw bytes."""
    event_id = call.path_id("event_id")
    bare = b"application/octet-stream" in call.headers.get(b"accept", b"")
    name = "bits" if bare else "availability"
    standing = await standing_of(views, event_id)
    headers = _versions(standing.chart_version)
    known = unchanged(call, state_tag(name, standing), version=standing.version, headers=headers)
    if known is not None:
        return known
    current = await seat_map_of(views, event_id, standing)
    body = current.answers.get(f"{name} body", current.mark)
    if body is None:
        body = current.answers.put(f"{name} body", current.mark, _bits(current) if bare else _availability(current))
    return await represent(
        call,
        body,
        tag=state_tag(name, current),
        version=current.version,
        content_type=OCTETS if bare else JSON,
        headers=_versions(current.chart_version),
        kept=(current.answers, current.mark),
    )


def chart_version_header(chart_version: int) -> tuple[Header, ...]:
    """Return the header with the version of the chart."""
    return ((b"chart-version", b"%d" % chart_version),)


def _versions(chart_version: int) -> tuple[Header, ...]:
    return *chart_version_header(chart_version), (b"representation-version", b"%d" % REPRESENTATION_VERSION)


def _bits(current: SeatMap) -> bytes:
    return current.statuses


def _availability(current: SeatMap) -> bytes:
    return (
        b'{"event_id":"%s","version":%d,"chart_version":%d,"seats":%d,"available":%d,"bits_per_seat":2,'
        b'"representation_version":%d,"statuses":"%s"}'
        % (
            str(current.event_id).encode(),
            current.version,
            current.chart_version,
            current.seats,
            current.available,
            REPRESENTATION_VERSION,
            b64encode(current.statuses),
        )
    )


async def changes(views: Views, call: Call) -> Answer:
    """GET /events/{event_id}/changes: server-sent events."""
    event_id = call.path_id("event_id")
    # A browser's reconnection sends both: the address as it was, and what it has seen since.
    given = call.headers.get(b"last-event-id") or call.query().get("after", "").encode()
    after = LastSeen.parse(given)
    sees_drafts = await caller_of(call).may(Verb.SEE_DRAFTS, event_id)
    listener = await views.live_changes.listen(event_id, after=after, sees_drafts=sees_drafts)
    headers = (event_version(listener.version), *_STREAM_HEADERS)
    return Answer(200, b"", headers, EVENT_STREAM, stream=listener)


class AvailabilityBody(Struct, kw_only=True):
    """The status of every seat of an event, two bits per seat in chart order, base64."""

    event_id: UUID
    version: int
    chart_version: int
    seats: int
    available: int
    bits_per_seat: int
    representation_version: int
    statuses: str


class SeatMapBody(Struct, kw_only=True):
    """An event's chart, one array per column, in chart order.

    `categories` has the keys of the seats' categories, and is left out if the event has none.
    """

    event_id: UUID
    chart_version: int
    seats: int
    ids: list[UUID]
    seat_numbers: list[str]
    sections: list[str | None]
    rows: list[str | None]
    prices: list[int | None]
    categories: list[str | None] | UnsetType = UNSET


_REFUSALS = (EventNotFound, EventArchived)
OPERATIONS: tuple[Operation[Any], ...] = (
    Operation(
        method="GET",
        path=f"{BASE}/events/{{event_id}}/availability",
        name="get_availability",
        tag="seats",
        summary="Show the status of every seat in two bits",
        description=(
            "Seats in chart order (see `seat-map`), four to a byte, the first in the lowest bits: 0 available, "
            "1 reserved, 2 confirmed, 3 free but kept back by a channel: to be shown as reserved. With `Accept: "
            "application/octet-stream` only the bytes. `representation_version` (and the header of that name) is 2; it "
            "was 1, and not named, before there was a code 3. A version with more codes will have more bits per seat."
        ),
        needs=Views,
        handler=availability,
        success=Success(
            status=200,
            description="The statuses.",
            body=AvailabilityBody,
            event_version=True,
            example=examples.AVAILABILITY,
        ),
        refusals=_REFUSALS,
    ),
    Operation(
        method="GET",
        path=f"{BASE}/events/{{event_id}}/seat-map",
        name="get_seat_map",
        tag="seats",
        summary="Show the chart: everything about the seats that hardly ever changes",
        description=(
            "One array per column, in chart order. `chart_version` rises with every change of the chart. With "
            "`?chart_version=` and the present version, the response may be cached for ever; so a seat that costs what "
            "its category costs has the price null in it (see `categories`)."
        ),
        needs=Views,
        handler=seat_map,
        query=(CHART_VERSION,),
        success=Success(
            status=200,
            description="The chart.",
            body=SeatMapBody,
            event_version=True,
            example=examples.SEAT_MAP,
        ),
        refusals=_REFUSALS,
    ),
    Operation(
        method="GET",
        path=f"{BASE}/events/{{event_id}}/changes",
        name="stream_changes",
        tag="seats",
        summary="Follow an event's seats as they change (server-sent events)",
        description=(
            "`hello` carries the version from which changes are sent; `changes` carries `[position in the chart, "
            "status]` pairs since the last frame; `reload` asks to load the availability again; `deleted` ends the "
            "stream, and so does `archived`. `Last-Event-ID` resumes without a gap: send the last id unchanged (the "
            "second of two in a frame). Clients that cannot send the header give it as `?after=`."
        ),
        needs=Views,
        handler=changes,
        query=(_AFTER,),
        success=Success(status=200, description="The stream.", media_type="text/event-stream", event_version=True),
        refusals=_REFUSALS,
    ),
)
