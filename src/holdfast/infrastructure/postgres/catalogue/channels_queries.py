"""The parameters of the statements in `channels.sql`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict
from uuid import UUID

from holdfast.infrastructure.postgres.driver.queries import Query, bound, load_queries


class OfEvent(TypedDict):
    """One event."""

    event_id: UUID


class OfChannel(OfEvent):
    """One channel of an event."""

    key: str


class DueChannels(OfEvent):
    """The channels of an event that are due to open, after which version their entries come."""

    now: datetime
    version: int
    named_max: int


class RaisedVersion(OfEvent):
    """An event's version before and after a change."""

    loaded_version: int
    version: int


class PutChannel(OfChannel):
    """A channel as it is from now on."""

    name: str
    code_digest: bytes | None
    opens_to_all_at: datetime | None
    opened_at: datetime | None


class SomeOfChannel(OfChannel):
    """Some of a channel's seats."""

    seats_max: int


class OfSeats(OfEvent):
    """Seats of an event."""

    seat_ids: Sequence[UUID]


class SeatsOfChannel(OfChannel):
    """Seats that leave a channel."""

    seat_ids: Sequence[UUID]


class KeptSeats(SeatsOfChannel):
    """Seats that join a channel."""

    now: datetime


class LoggedChannel(OfChannel):
    """A log entry about a channel."""

    version: int
    kind: str
    seat_ids: Sequence[UUID]
    freed_seat_ids: Sequence[UUID] | None
    kept_back_seat_ids: Sequence[UUID] | None
    now: datetime


class OfSections(OfEvent):
    """Sections, by key or name."""

    sections: Sequence[str]
    seats_max: int


class OfRows(OfEvent):
    """Rows, each with its section or None."""

    rows: Sequence[str]
    sections: Sequence[str | None]
    seats_max: int


class OfCategories(OfEvent):
    """Price categories, by key."""

    categories: Sequence[str]
    seats_max: int


@dataclass(frozen=True, slots=True)
class ChannelsQueries:
    """The statements of `channels.sql`."""

    open_due: Query[DueChannels]
    raise_version: Query[RaisedVersion]
    channel: Query[OfChannel]
    count_channels: Query[OfEvent]
    put_channel: Query[PutChannel]
    free_seats: Query[SomeOfChannel]
    some_seats: Query[SomeOfChannel]
    unknown_seats: Query[OfSeats]
    keep_back: Query[KeptSeats]
    give_back: Query[SeatsOfChannel]
    delete_channel: Query[OfChannel]
    log_channel: Query[LoggedChannel]
    seats_of_sections: Query[OfSections]
    seats_of_rows: Query[OfRows]
    seats_of_categories: Query[OfCategories]


CHANNELS = bound(ChannelsQueries, load_queries("catalogue/channels"))
