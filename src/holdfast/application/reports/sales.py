"""The sales of an event over time."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from holdfast.application.reports.buckets import Bucket, edges
from holdfast.application.reports.minutes import ByCategory, MinutesOfEvent
from holdfast.application.reports.ports import EventOnReport
from holdfast.application.reports.reports import Reports
from holdfast.application.reports.reservations import event_on_report
from holdfast.domain.refusal import InvalidValue

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class SalesSeries:
    """Figures for each bucket between two of the edges, by the number of the category; true at `version`."""

    event: EventOnReport
    version: int
    edges: list[datetime]
    """In the event's time zone. There is none if nothing has happened yet."""
    buckets: list[ByCategory]


async def sales_of(
    reports: Reports, event_id: UUID, bucket: Bucket, first: datetime | None, until: datetime | None
) -> SalesSeries:
    """Return an event's sales in a range of time, widened to whole buckets.

    Args:
        reports: The capability of this process.
        event_id: The event.
        bucket: How long the buckets are.
        first: The beginning of the range; None for the first time that a seat was held.
        until: Its end; None for now.

    Raises:
        EventNotFound: if there is no such event.
        EventArchived: if it was archived.
        InvalidValue: `until` is not after `first`, or they would be too many buckets.
        Unavailable: the log is so long that it takes a while to add it up.
    """
    event = await event_on_report(reports, event_id)
    zone = ZoneInfo(event.timezone)
    _require_order(first, until)
    if first is not None and until is not None:
        edges(bucket, zone, first, until)  # refuses too many before anything is added up
    minutes = await reports.kept_sales.minutes_of(event)
    version = minutes.version
    begin, end = _range(minutes, event, first, until)
    if begin is None or begin >= end:
        return SalesSeries(event, version, [], [])
    found = edges(bucket, zone, begin, end)
    buckets = await minutes.series([(edge - _EPOCH) // timedelta(seconds=1) for edge in found])
    return SalesSeries(event, version, [edge.astimezone(zone) for edge in found], buckets)


def _require_order(first: datetime | None, until: datetime | None) -> None:
    if first is not None and until is not None and until <= first:
        raise InvalidValue("to", "must be after from")


def _range(
    minutes: MinutesOfEvent, event: EventOnReport, first: datetime | None, until: datetime | None
) -> tuple[datetime | None, datetime]:
    """Fill in what the caller left open. Another server's clock may have been ahead, so "now" includes every entry."""
    earliest, latest = minutes.first_minute, minutes.last_minute
    if first is None and earliest is not None:
        first = _EPOCH + timedelta(minutes=earliest)
    if until is None:
        until = event.now if latest is None else max(event.now, _EPOCH + timedelta(minutes=latest + 1))
    return first, until
