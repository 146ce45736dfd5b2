"""What an organiser says about a channel, and which seats a call is about."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from holdfast.domain.legible import require_legible
from holdfast.domain.refusal import InvalidValue

CHANNELS_MAX = 100
"""Channels of one event. Every batch of an event with channels reads all of them."""
CHANNEL_SEATS_MAX = 10_000
"""Seats that one call keeps back or gives back: the event's lock is held for about a quarter of a second."""
KEY_MAX = 30
KEY_PATTERN = r"^[a-z0-9-]{1,30}$"
NAME_MAX = 255
ACCESS_CODE_MAX = 100
ACCESS_CODE_PATTERN = r"^[!-~]([ -~]*[!-~])?$"
"""Printable ASCII without spaces at the ends, so that it can also be sent in a header."""

_KEY = re.compile(KEY_PATTERN)
_ACCESS_CODE = re.compile(ACCESS_CODE_PATTERN)


def is_channel_key(text: str) -> bool:
    """Return whether a channel may have this key."""
    return _KEY.fullmatch(text) is not None


def is_access_code(text: str) -> bool:
    """Return whether a channel may have this access code."""
    return len(text) <= ACCESS_CODE_MAX and _ACCESS_CODE.fullmatch(text) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelDetails:
    """What an organiser decides about a channel."""

    name: str
    code_digest: bytes | None
    """Of its access code; None if it has none."""
    opens_to_all_at: datetime | None

    def opened_at(self, before: "StoredChannel | None", now: datetime) -> datetime | None:
        """Return since when a channel with these details is open; None if it is closed.

        Args:
            before: The channel as it is stored; None for a new one.
            now: The time of the change.
        """
        opens_at = self.opens_to_all_at
        if opens_at is None or opens_at > now:
            return None
        if before is not None and before.opened_at is not None and before.opened_at >= opens_at:
            return before.opened_at
        return now


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredChannel:
    """A channel as it is at one version of its event."""

    key: str
    details: ChannelDetails
    opened_at: datetime | None
    """When its opening was recorded; None while it is closed."""
    seats: int
    kept_back: int
    """How many of its seats are free, open or not."""

    def seen_at(self, now: datetime) -> "StoredChannel":
        """Return the channel as a reader sees it at `now`: one that is due to open is shown as opened straight away."""
        opens_at = self.details.opens_to_all_at
        if self.opened_at is None and opens_at is not None and opens_at <= now:
            return replace(self, opened_at=opens_at)
        return self


@dataclass(frozen=True, slots=True)
class RowOfSeats:
    """The seats of a row; without a section, of every row with this label."""

    row: str
    section: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatSelection:
    """Which seats a call is about. Exactly one of the lists is given; the others are empty."""

    seat_ids: Sequence[UUID] = ()
    sections: Sequence[str] = ()
    """By key, or by name."""
    rows: Sequence[RowOfSeats] = ()
    categories: Sequence[str] = ()
    """By key."""
    kind: str = field(init=False)
    """The name of the list that is given."""

    def __post_init__(self) -> None:
        given = [name for name in ("seat_ids", "sections", "rows", "categories") if getattr(self, name)]
        if len(given) != 1:
            raise InvalidValue("body", "must have exactly one of seat_ids, sections, rows and categories")
        object.__setattr__(self, "kind", given[0])
        if len(set(self.seat_ids)) != len(self.seat_ids):
            raise InvalidValue("seat_ids", "must not name a seat twice")

    def require_few(self, seats: int) -> None:
        """Refuse a selection that matches more seats than one call may change.

        Raises:
            InvalidValue: naming the list that was given.
        """
        if seats > CHANNEL_SEATS_MAX:
            raise InvalidValue(self.kind, f"match more than {CHANNEL_SEATS_MAX} seats; send them in several calls")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptBack:
    """What keeping seats back has done."""

    version: int
    seats: int
    """How many of the selected seats are in the channel now."""
    kept_back: int
    """How many of these are free."""
    taken_seat_ids: tuple[UUID, ...]
    """Those that are held or sold. The channel keeps them back once they are free again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenBack:
    """What giving seats back has done."""

    version: int
    seats: int
    """How many seats have left the channel."""
    available: int
    """How many of these are free."""


def check_channel(key: str, details: ChannelDetails) -> None:
    """Check what can be checked without the event.

    Raises:
        InvalidValue: naming the field.
    """
    if not is_channel_key(key):
        raise InvalidValue("key", f"must be 1 to {KEY_MAX} of a-z, 0-9 and -")
    require_legible("name", details.name)
