"""The route table of large halls."""

from holdfast.api import availability, bodies, examples
from holdfast.api.operation import Operation, Success
from holdfast.api.routes.paging import BASE
from holdfast.domain import errors


def operations() -> list[Operation]:
    """List what a seat picker asks for."""
    refusals = (errors.EventNotFound,)
    return [
        Operation(
            method="GET",
            path=f"{BASE}/events/{{event_id}}/availability",
            name="get_availability",
            tag="seats",
            summary="Show the status of every seat in two bits",
            description=(
                "Seats in chart order (see `seat-map`), four to a byte, the first in the lowest bits: 0 available, "
                "1 reserved, 2 confirmed. With `Accept: application/octet-stream` the bytes alone."
            ),
            handler=availability.availability,
            success=Success(
                status=200,
                description="The statuses.",
                body=bodies.AvailabilityBody,
                event_version=True,
                example=examples.AVAILABILITY,
            ),
            refusals=refusals,
        ),
        Operation(
            method="GET",
            path=f"{BASE}/events/{{event_id}}/seat-map",
            name="get_seat_map",
            tag="seats",
            summary="Show the chart: what of the seats never changes",
            description=(
                "One array a column, in chart order. Seats are only ever appended, so `chart_version`, their number, "
                "names the chart: asked for with `?chart_version=`, the answer may be kept for ever."
            ),
            handler=availability.seat_map,
            query=(availability.CHART_VERSION,),
            success=Success(
                status=200,
                description="The chart.",
                body=bodies.SeatMapBody,
                event_version=True,
                example=examples.SEAT_MAP,
            ),
            refusals=refusals,
        ),
        Operation(
            method="GET",
            path=f"{BASE}/events/{{event_id}}/changes",
            name="stream_changes",
            tag="seats",
            summary="Follow an event's seats as they change (server-sent events)",
            description=(
                "`hello` tells the version from which changes are told; `changes` carries `[place in the chart, "
                "status]` pairs since the last frame; `reload` asks to load availability anew; `deleted` is the end. "
                "`Last-Event-ID` resumes without a gap; send the last id as it came (of two in a frame the second)."
            ),
            handler=availability.changes,
            success=Success(status=200, description="The stream.", media_type="text/event-stream", event_version=True),
            refusals=refusals,
        ),
    ]
