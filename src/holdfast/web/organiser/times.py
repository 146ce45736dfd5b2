"""Times as browsers send them: in the event's zone, without saying so."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from holdfast.domain.refusal import InvalidValue


def time_from(field: str, text: str, zone: str) -> datetime | None:
    """Read a local time; None if none was given. Of a time that clocks show twice, the first is taken.

    Raises:
        InvalidValue: naming `field`.
    """
    if not text:
        return None
    try:
        local = datetime.fromisoformat(text)
        if local.tzinfo is not None:
            raise InvalidValue(field, "must be a date and a time, such as 2026-12-26T19:00")
        there = local.replace(tzinfo=ZoneInfo(zone))
        found = there.astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidValue(field, "must be a date and a time, such as 2026-12-26T19:00") from None
    if found.astimezone(there.tzinfo).replace(tzinfo=None) != local:
        raise InvalidValue(field, "does not exist: clocks are put forward over it")
    if not 1 < found.year < 9999:
        raise InvalidValue(field, "must be a date and a time, such as 2026-12-26T19:00")
    return found


def time_kept(field: str, text: str, zone: str, before: datetime | None) -> datetime | None:
    """Read a local time; the one before, if it is what the form was filled in with.

    A form cannot say which of two times is meant that clocks show twice, nor fractions of a second. So saving an event
    with another name would move its start by an hour.

    Raises:
        InvalidValue: naming `field`.
    """
    if before is not None and text == time_text(before, zone):
        return before
    return time_from(field, text, zone)


def time_text(at: datetime | None, zone: str) -> str:
    """Write a time as `<input type="datetime-local">` takes it."""
    if at is None:
        return ""
    there = at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    return there.isoformat(timespec="minutes" if not there.second else "seconds")
