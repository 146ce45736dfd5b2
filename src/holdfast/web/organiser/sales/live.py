"""The live sale of an event. The page's script fetches the whole page again and replaces what has changed."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from holdfast.application.identity.verbs import Verb
from holdfast.application.reading.views import Views
from holdfast.application.reports.buckets import Bucket
from holdfast.application.reports.minutes import Figures, total_of
from holdfast.application.reports.ports import Filter
from holdfast.application.reports.reports import Reports
from holdfast.application.reports.reservations import list_reservations
from holdfast.application.reports.sales import SalesSeries, sales_of
from holdfast.domain.booking.states import ReservationStatus
from holdfast.domain.catalogue.categories import Category
from holdfast.domain.catalogue.event import Event
from holdfast.http.endpoints.answer import Answer
from holdfast.web.kit.page import Page
from holdfast.web.kit.visit import Visit
from holdfast.web.organiser.channels.channels import channels_of
from holdfast.web.organiser.room import event_for, room_of
from holdfast.web.organiser.sales.attention import Line, matters_of
from holdfast.web.organiser.sales.capacity import seats_by_category
from holdfast.web.organiser.sales.curve import HEIGHT, WIDTH, curve_of

HOLDS_SHOWN = 20
_BY_MINUTE, _BY_HOUR = timedelta(hours=6), timedelta(days=12)
_LONGEST = timedelta(days=1_900)
"""The curve of a sale that has gone on for longer begins this long ago."""


async def show(visit: Visit) -> Answer:
    """GET /organise/events/{event_id}/live."""
    event = await event_for(visit, Verb.GET_SALES)
    views, reports = visit.capability(Views), visit.capability(Reports)
    now = datetime.now(UTC)
    series, bucket = await _series(reports, event, now)
    channels = [channel.seen_at(now) for channel in await channels_of(visit, event)]
    lines = await _lines(views, event, series)
    _, holds = await list_reservations(
        reports, event.id, Filter(status=ReservationStatus.PENDING), after=None, limit=HOLDS_SHOWN + 1
    )
    sold = [sum(figures.sold for figures in bucket.values()) for bucket in series.buckets]
    kept_back = sum(channel.kept_back for channel in channels if channel.opened_at is None)
    return visit.render(
        "organiser/live.html",
        now=now,
        lines=lines,
        matters=matters_of(event, lines, channels, now),
        kept_back=min(kept_back, event.available),
        revenue=sum(line.revenue for line in lines),
        curve=curve_of(series.edges, sold),
        by_day=bucket is Bucket.DAY,
        width=WIDTH,
        height=HEIGHT,
        holds=holds[:HOLDS_SHOWN],
        more_holds=len(holds) > HOLDS_SHOWN,
        may_release=await visit.may(Verb.RELEASE, event.id),
        **await room_of(visit, event, "live"),
    )


async def _series(reports: Reports, event: Event, now: datetime) -> tuple[SalesSeries, Bucket]:
    """Return the sales in buckets that suit the length of the sale so far."""
    since = max(event.created_at, now - _LONGEST)
    ago = now - since
    bucket = Bucket.MINUTE if ago <= _BY_MINUTE else Bucket.HOUR if ago <= _BY_HOUR else Bucket.DAY
    first = since if ago >= _LONGEST else None
    return await sales_of(reports, event.id, bucket, first, None), bucket


async def _lines(views: Views, event: Event, series: SalesSeries) -> Sequence[Line]:
    found = await views.halls.categories(event.id)
    categories: Sequence[Category] = [] if found is None else found[0]
    seats = await seats_by_category(views, event.id, chart_edits=series.event.chart_edits, seats=event.seats)
    totals = total_of(series.buckets)
    lines = [_line(one, seats.get(one.key, 0), totals.get(one.number)) for one in categories]
    rest = event.seats - sum(line.seats for line in lines)
    other = totals.get(None)
    if rest > 0 or other is not None:
        lines.append(_line(None, max(rest, 0), other))
    return lines


def _line(category: Category | None, seats: int, figures: Figures | None) -> Line:
    if figures is None:
        return Line(category, seats, held=0, sold=0, revenue=0, released=0)
    held = max(0, figures.held - figures.sold - figures.released)
    return Line(category, seats, held=held, sold=figures.sold, revenue=figures.revenue, released=figures.released)


PAGES = (Page(path="/organise/events/{event_id}/live", name="live_sale", get=show, no_store=True),)
