"""The layout of a chart over HTTP: what a renderer needs, by rows."""

import re
from typing import Any
from uuid import UUID

from msgspec import Struct

from holdfast.api import examples
from holdfast.api.paging import BASE
from holdfast.api.representation import headers_of, represent
from holdfast.api.seats.availability import CHART_VERSION, IMMUTABLE, chart_version_header, names_version
from holdfast.api.seats.standing import CHART_STATE, chart_tag_of_client, refuse_as_gone, standing_of
from holdfast.application.reading.views import Views
from holdfast.domain.catalogue.refusals import EventArchived, EventNotFound
from holdfast.http.endpoints.answer import Answer, Header
from holdfast.http.endpoints.call import Call
from holdfast.http.endpoints.operation import Operation, Success

_TAG = re.compile(rb'"layout-%s(?:-gz)?"' % CHART_STATE)


async def layout(views: Views, call: Call) -> Answer:
    """GET /events/{id}/layout."""
    event_id = call.path_id("id")
    standing = await standing_of(views, event_id)
    version, chart_version = standing.version, standing.chart_version
    tag = await chart_tag_of_client(views, call, event_id, standing, _TAG)
    if tag is not None:
        return Answer(304, b"", headers_of(tag, version, _headers(call, chart_version)), content_type=None)
    found = await views.kept_layouts.layout(event_id, standing)
    if found is None:
        await refuse_as_gone(views, event_id)
    kept, version = found
    return await represent(
        call,
        kept.body,
        tag=f'"layout-{kept.chart_version}-{kept.mark.name}"'.encode(),
        version=version,
        headers=_headers(call, kept.chart_version),
        kept=(kept.answers, kept.mark),
    )


def _headers(call: Call, chart_version: int) -> tuple[Header, ...]:
    lasting = (IMMUTABLE,) if names_version(call, chart_version) else ()
    return (*chart_version_header(chart_version), *lasting)


class LayoutBody(Struct, kw_only=True):
    """The layout of a chart, in the format `holdfast-layout/1`. docs/halls.md describes its other fields."""

    event_id: UUID
    chart_version: int
    format: str
    seats: int


OPERATIONS: tuple[Operation[Any], ...] = (
    Operation(
        method="GET",
        path=f"{BASE}/events/{{id}}/layout",
        name="get_layout",
        tag="halls",
        summary="Show where an event's seats are: what a renderer needs, by rows",
        description=(
            "Floors, outlines, categories without prices, and for each row where its seats are, in chart order (see "
            "`availability`). With `?chart_version=` and the present version, the response may be cached for ever."
        ),
        needs=Views,
        handler=layout,
        query=(CHART_VERSION,),
        success=Success(
            status=200,
            description="The layout.",
            body=LayoutBody,
            event_version=True,
            tagged=True,
            example=examples.LAYOUT,
        ),
        refusals=(EventNotFound, EventArchived),
    ),
)
