"""The sales of an event over time, over HTTP."""

from itertools import pairwise
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta, Struct, field

from holdfast.api import examples
from holdfast.api.fields import Time, time_in_query
from holdfast.api.paging import BASE
from holdfast.application.reports.buckets import BUCKETS_MAX, Bucket
from holdfast.application.reports.minutes import ByCategory, Figures, total_of
from holdfast.application.reports.reports import Reports
from holdfast.application.reports.sales import sales_of
from holdfast.domain.catalogue.refusals import EventArchived, EventNotFound
from holdfast.http.endpoints.answer import Answer, event_version, list_pieces
from holdfast.http.endpoints.call import Call
from holdfast.http.endpoints.operation import Operation, QueryParameter, Success


class FiguresBody(Struct, kw_only=True):
    """What happened to seats in a time."""

    held: Annotated[int, Meta(description="Seats that were held.")]
    sold: int
    released: Annotated[int, Meta(description="Held seats that became free again: given up, run out or released.")]
    revenue: Annotated[int, Meta(description="What the sold seats cost, in the currency's minor unit.")]


class CategorySalesBody(FiguresBody, kw_only=True):
    """The figures of the seats of one price category; null for seats without one."""

    category: str | None


class TotalSalesBody(FiguresBody, kw_only=True):
    """The figures of all seats, and by category."""

    categories: list[CategorySalesBody]


class BucketBody(TotalSalesBody, kw_only=True):
    """The figures of one minute, hour or day; `to` is where the next one begins."""

    from_: Time = field(name="from")
    to: Time


class SalesBody(Struct, kw_only=True):
    """The sales of an event."""

    event_id: UUID
    bucket: Bucket
    timezone: str
    currency: str
    totals: TotalSalesBody
    buckets: list[BucketBody]


async def series(reports: Reports, call: Call) -> Answer:
    """GET /events/{event_id}/sales."""
    event_id = call.path_id("event_id")
    bucket = call.query_choice("bucket", Bucket) or Bucket.DAY
    query = call.query()
    first, until = time_in_query(query, "from"), time_in_query(query, "to")
    found = await sales_of(reports, event_id, bucket, first, until)
    keys = found.event.categories
    head = msgspec.json.encode(
        {
            "event_id": event_id,
            "bucket": bucket,
            "timezone": found.event.timezone,
            "currency": found.event.currency,
            "totals": TotalSalesBody(**_figures(total_of(found.buckets), keys)),
        }
    )
    pieces = await list_pieces(
        list(zip(pairwise(found.edges), found.buckets, strict=True)),
        lambda one: BucketBody(from_=one[0][0], to=one[0][1], **_figures(one[1], keys)),
        before=head[:-1] + b',"buckets":[',
        after=b"]}",
    )
    return Answer(200, pieces, (event_version(found.version),))


def _figures(by_category: ByCategory, keys: dict[int, str]) -> dict[str, Any]:
    total = Figures()
    categories = []
    for number in sorted(by_category, key=lambda number: -1 if number is None else number):
        one = by_category[number]
        total.add(one.held, one.sold, one.released, one.revenue)
        key = None if number is None else keys.get(number)
        categories.append(CategorySalesBody(category=key, **_columns(one)))
    return {**_columns(total), "categories": categories}


def _columns(figures: Figures) -> dict[str, int]:
    return {
        "held": figures.held,
        "sold": figures.sold,
        "released": figures.released,
        "revenue": figures.revenue,
    }


_FIGURES = {"held": 4, "sold": 2, "released": 1, "revenue": 19000}
_CATEGORIES = [{"category": "stalls", **_FIGURES}]
_EXAMPLE = {
    "event_id": examples.EVENT["id"],
    "bucket": "day",
    "timezone": "Asia/Tokyo",
    "currency": "JPY",
    "totals": {**_FIGURES, "categories": _CATEGORIES},
    "buckets": [
        {
            "from": "2031-02-03T00:00:00+09:00",
            "to": "2031-02-04T00:00:00+09:00",
            **_FIGURES,
            "categories": _CATEGORIES,
        }
    ],
}
_RANGE = "A time with offset; the range is widened to whole buckets."

OPERATIONS: tuple[Operation[Any], ...] = (
    Operation(
        method="GET",
        path=f"{BASE}/events/{{event_id}}/sales",
        name="get_sales",
        tag="reports",
        summary="Show an event's sales over time",
        description=(
            "Seats held, sold and released, and revenue, by minute, hour or day of the event's time zone, from its "
            f"log. At most {BUCKETS_MAX:,} buckets, empty ones included. Without a range, what was held less what was "
            "sold and released is what is held at `Event-Version`."
        ),
        needs=Reports,
        handler=series,
        query=(
            QueryParameter("bucket", "How long the buckets are; a day if it is left out.", "day", values=tuple(Bucket)),
            QueryParameter(
                "from", f"{_RANGE} If it is left out, the first hold.", "2031-02-03T00:00:00Z", is_time=True
            ),
            QueryParameter("to", f"{_RANGE} If it is left out, now.", "2031-02-04T00:00:00Z", is_time=True),
        ),
        success=Success(status=200, description="The sales.", body=SalesBody, event_version=True, example=_EXAMPLE),
        refusals=(EventNotFound, EventArchived),
    ),
)
