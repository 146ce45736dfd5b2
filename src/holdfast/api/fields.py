"""Fields that several bodies share, with their limits."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, TypeAlias, TypeVar

import msgspec
from msgspec import UNSET, Meta, UnsetType

from holdfast.domain.catalogue.seat import PRICE_MAX, SEAT_NUMBER_MAX
from holdfast.domain.refusal import InvalidValue

Given = TypeVar("Given")

PREFIX_MAX = 40
"""Characters in the prefix of numbered seats (contract)."""

# PostgreSQL's text cannot hold NUL, so it is refused where it arrives.
NO_NUL = r"^[^\u0000]*$"
Time: TypeAlias = Annotated[datetime, Meta(tz=True, description="RFC 3339 with offset.")]
Price: TypeAlias = Annotated[int, Meta(ge=0, le=PRICE_MAX, description="In the currency's minor unit.")]
LEGIBLE = "No invisible characters, and no space at either end."
"""The domain checks this. As a pattern, it would be an unreadable line of character ranges."""
SeatNumber: TypeAlias = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=SEAT_NUMBER_MAX,
        pattern=NO_NUL,
        description=f"{LEGIBLE} Stored as sent; numbers that look alike (the same in Unicode's NFC) count as the same.",
    ),
]
Place: TypeAlias = Annotated[str, Meta(max_length=SEAT_NUMBER_MAX, pattern=NO_NUL, description=LEGIBLE)]
Prefix: TypeAlias = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=PREFIX_MAX,
        pattern=NO_NUL,
        description="No invisible characters, and no space at the beginning.",
    ),
]

# PostgreSQL's driver treats the very first and the very last microsecond as "infinity", which is not a time.
_EARLIEST = datetime.min.replace(microsecond=1, tzinfo=UTC)
_LATEST = datetime.max.replace(microsecond=999_998, tzinfo=UTC)

_TIMES = "after 0001-01-01T00:00:00 and before 9999-12-31T23:59:59.999999"


def in_utc(field: str, time: datetime) -> datetime:
    """Read a time as UTC.

    Raises:
        InvalidValue: it is beyond what PostgreSQL can hold.
    """
    try:
        utc = time.astimezone(UTC)
    except OverflowError:
        utc = None
    if utc is None or not _EARLIEST <= utc <= _LATEST:
        raise InvalidValue(field, f"must be {_TIMES}, in UTC")
    return utc


def time_in_query(query: Mapping[str, str], name: str) -> datetime | None:
    """Read a time out of a query as UTC; None if it is left out.

    Raises:
        InvalidValue: it is no time, has no offset, or is beyond what PostgreSQL can hold.
    """
    text = query.get(name)
    if text is None:
        return None
    try:
        # In a query, a plus sign that is not escaped stands for a space.
        return in_utc(name, msgspec.convert(text.strip().replace(" ", "+"), Time))
    except (msgspec.ValidationError, UnicodeEncodeError):
        raise InvalidValue(name, "must be a time with an offset, such as 2031-04-12T00:00:00+09:00") from None


def in_utc_if_given(field: str, time: datetime | UnsetType | None) -> datetime | None:
    """Read a time as UTC; None if it is null or left out.

    Raises:
        InvalidValue: it is beyond what PostgreSQL can hold.
    """
    return None if time is UNSET or time is None else in_utc(field, time)


def or_default(value: Given | UnsetType | None, default: Given) -> Given:
    """Return what was given, or a default if that is null or left out."""
    return default if value is UNSET or value is None else value
