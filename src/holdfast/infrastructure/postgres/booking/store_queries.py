"""The parameters of the statements in `store.sql`: rows as arrays, one per column, those of a kind equally long."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict
from uuid import UUID

from holdfast.infrastructure.postgres.driver.queries import Query, bound, load_queries


class NewHolds(TypedDict):
    """The rows of several events, then the new reservations in them."""

    event_ids: Sequence[UUID]
    loaded_versions: Sequence[int]
    versions: Sequence[int]
    available: Sequence[int]
    reserved: Sequence[int]
    confirmed: Sequence[int]
    pending_reservations: Sequence[int]
    confirmed_reservations: Sequence[int]
    now: datetime
    expires_at: datetime
    reservation_ids: Sequence[UUID]
    reservation_event_ids: Sequence[UUID]
    user_ids: Sequence[str]
    idempotency_keys: Sequence[str]
    fingerprints: Sequence[bytes]
    total_amounts: Sequence[int]
    created_versions: Sequence[int]
    beyond_limit: Sequence[bool]
    first_seats: Sequence[int]
    last_seats: Sequence[int]
    seat_ids: Sequence[UUID]
    prices: Sequence[int]


class NettedChanges(TypedDict):
    """An event's row, then the changes of each kind of row. `loaded` is what a row must still contain."""

    event_id: UUID
    loaded_version: int
    version: int
    available: int
    reserved: int
    confirmed: int
    pending_reservations: int
    confirmed_reservations: int
    now: datetime
    created_ids: Sequence[UUID]
    created_user_ids: Sequence[str]
    created_idempotency_keys: Sequence[str]
    created_fingerprints: Sequence[bytes]
    created_statuses: Sequence[str]
    created_cancel_reasons: Sequence[str | None]
    created_total_amounts: Sequence[int]
    created_expire_at: Sequence[datetime]
    created_confirmed_at: Sequence[datetime | None]
    created_versions: Sequence[int]
    created_changed_versions: Sequence[int]
    created_extensions: Sequence[int]
    created_beyond_limit: Sequence[bool]
    created_first_seats: Sequence[int]
    created_last_seats: Sequence[int]
    created_seat_ids: Sequence[UUID]
    created_prices: Sequence[int]
    changed_ids: Sequence[UUID]
    changed_loaded_versions: Sequence[int]
    changed_statuses: Sequence[str]
    changed_cancel_reasons: Sequence[str | None]
    changed_expire_at: Sequence[datetime]
    changed_confirmed_at: Sequence[datetime | None]
    changed_versions: Sequence[int]
    changed_extensions: Sequence[int]
    changed_beyond_limit: Sequence[bool]
    changed_total_amounts: Sequence[int]
    reseated_ids: Sequence[UUID]
    reseated_first_seats: Sequence[int]
    reseated_last_seats: Sequence[int]
    reseated_seat_ids: Sequence[UUID]
    reseated_prices: Sequence[int]
    claimed_seat_ids: Sequence[UUID]
    claimed_reservation_ids: Sequence[UUID]
    claimed_statuses: Sequence[str]
    claimed_expire_at: Sequence[datetime | None]
    moved_seat_ids: Sequence[UUID]
    moved_loaded_reservation_ids: Sequence[UUID]
    moved_reservation_ids: Sequence[UUID]
    moved_statuses: Sequence[str]
    moved_expire_at: Sequence[datetime | None]
    freed_seat_ids: Sequence[UUID]
    freed_loaded_reservation_ids: Sequence[UUID]
    logged_versions: Sequence[int]
    logged_kinds: Sequence[str]
    logged_reservation_ids: Sequence[UUID | None]
    logged_details: Sequence[str | None]
    logged_first_seats: Sequence[int]
    logged_last_seats: Sequence[int]
    logged_seat_ids: Sequence[UUID]
    logged_first_freed_seats: Sequence[int]
    logged_last_freed_seats: Sequence[int]
    logged_freed_seat_ids: Sequence[UUID]
    logged_first_kept_back_seats: Sequence[int]
    logged_last_kept_back_seats: Sequence[int]
    logged_kept_back_seat_ids: Sequence[UUID]


class ChangedChannels(TypedDict):
    """Channels of an event, then those of them that are opened."""

    event_id: UUID
    now: datetime
    keys: Sequence[str]
    loaded_kept_back: Sequence[int]
    kept_back: Sequence[int]
    opened_versions: Sequence[int]
    opened_keys: Sequence[str]
    opened_kept_back: Sequence[int]
    named_max: int


@dataclass(frozen=True, slots=True)
class StoreQueries:
    """The statements of `store.sql`."""

    store_new_holds: Query[NewHolds]
    store_batch: Query[NettedChanges]
    store_channels: Query[ChangedChannels]


STORE = bound(StoreQueries, load_queries("booking/store"))
