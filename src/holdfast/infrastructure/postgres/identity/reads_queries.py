"""The statements of `reads.sql` and their parameters."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict
from uuid import UUID

from holdfast.infrastructure.postgres.driver.queries import Nothing, Query, bound, load_queries
from holdfast.infrastructure.postgres.identity.identity_queries import OfKeys


class OfUsers(TypedDict):
    """Some users."""

    user_ids: Sequence[str]


class Page(TypedDict):
    """A page of a list."""

    limit: int
    offset: int


class PageOfOrganisers(Page):
    """A page of what belongs to some organisers."""

    organiser_ids: Sequence[UUID]


class PageOfOrganiser(Page):
    """A page of what belongs to one organiser."""

    organiser_id: UUID


class OfEntry(TypedDict):
    """An entry of the audit, among those of some organisers or all."""

    entry_id: UUID
    everything: bool
    organiser_ids: Sequence[UUID]


class Until(TypedDict):
    """Entries older than a time."""

    until: datetime


class Entries(TypedDict):
    """Entries before a position."""

    before: int
    limit: int


class EntriesOfOrganisers(Entries):
    """Entries of some organisers before a position."""

    organiser_ids: Sequence[UUID]


class OfEvents(TypedDict):
    """Some events."""

    event_ids: Sequence[UUID]


class OfReservations(TypedDict):
    """Some reservations."""

    reservation_ids: Sequence[UUID]


@dataclass(frozen=True)
class IdentityReadQueries:
    """The queries without a lock."""

    rights_version: Query[Nothing]
    rights_of_keys: Query[OfKeys]
    rights_of_users: Query[OfUsers]
    all_organisers: Query[Page]
    organisers: Query[PageOfOrganisers]
    members: Query[PageOfOrganiser]
    all_api_keys: Query[Page]
    api_keys: Query[PageOfOrganisers]
    place_in_audit: Query[OfEntry]
    position_in_audit: Query[Until]
    whole_audit: Query[Entries]
    audit_of_organisers: Query[EntriesOfOrganisers]
    owners_of_events: Query[OfEvents]
    published_events: Query[OfEvents]
    owners_of_reservations: Query[OfReservations]
    owners_of_archived_reservations: Query[OfReservations]


IDENTITY_READS = bound(IdentityReadQueries, load_queries("identity/reads"))
