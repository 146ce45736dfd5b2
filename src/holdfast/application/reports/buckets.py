"""Divides time into minutes, hours or days of a time zone."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from holdfast.domain.refusal import InvalidValue

BUCKETS_MAX = 2_000
"""Buckets in one series (contract)."""

_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


class Bucket(StrEnum):
    """How long a bucket is."""

    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    """From one midnight to the next, which is 23 or 25 hours when clocks are put forward or back."""


def edges(bucket: Bucket, zone: ZoneInfo, first: datetime, until: datetime) -> list[datetime]:
    """Return where the buckets that hold a range of time begin, and where the last one ends.

    Args:
        bucket: Their length.
        zone: The zone whose hours and days they are.
        first: The range's first instant; it may be in the middle of the first bucket.
        until: Its end, later than `first`.

    Raises:
        InvalidValue: they would be more than `BUCKETS_MAX`.
    """
    begin, following = _STEPS[bucket]
    try:
        found = [begin(first, zone)]
        while found[-1] < until:
            if len(found) > BUCKETS_MAX:
                raise InvalidValue("bucket", f"would be more than {BUCKETS_MAX} times in this range")
            found.append(following(found[-1], zone))
    except OverflowError:
        raise InvalidValue("from", "must be a time that exists in the event's time zone") from None
    return found


def _minute(at: datetime, _: ZoneInfo) -> datetime:
    return at.replace(second=0, microsecond=0)


def _after_minute(at: datetime, _: ZoneInfo) -> datetime:
    return at + _MINUTE


def _hour(at: datetime, zone: ZoneInfo) -> datetime:
    local = at.astimezone(zone)
    return at - timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)


def _after_hour(at: datetime, zone: ZoneInfo) -> datetime:
    """Where clocks are put back by half an hour, a bucket that begins then lasts until the next full hour."""
    return _hour(at, zone) + _HOUR


def _day(at: datetime, zone: ZoneInfo) -> datetime:
    return _midnight(at.astimezone(zone).date(), zone)


def _after_day(at: datetime, zone: ZoneInfo) -> datetime:
    """Islands that moved across the date line have skipped a whole day."""
    day = at.astimezone(zone).date() + _DAY
    while _midnight(day, zone) <= at:
        day += _DAY
    return _midnight(day, zone)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return the first instant of a day. If clocks are put forward at midnight, it is the instant at which they are."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


_Step = Callable[[datetime, ZoneInfo], datetime]
_STEPS: dict[Bucket, tuple[_Step, _Step]] = {
    Bucket.MINUTE: (_minute, _after_minute),
    Bucket.HOUR: (_hour, _after_hour),
    Bucket.DAY: (_day, _after_day),
}
