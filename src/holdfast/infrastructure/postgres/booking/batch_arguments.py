"""Builds the arguments of the batch statements: rows as arrays, one per column."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from holdfast.application.booking.ports import Closure
from holdfast.domain.booking.channels import NAMED_SEATS_MAX
from holdfast.domain.booking.reservation import Reservation
from holdfast.domain.booking.snapshot import ChangeKind, Changes, LogEntry
from holdfast.infrastructure.postgres.booking.batch_queries import Touched
from holdfast.infrastructure.postgres.booking.store_queries import ChangedChannels, NettedChanges, NewHolds


def store_arguments(changes: Changes, now: datetime) -> NettedChanges:
    """Arrange changes as the arguments of `store_batch`."""
    event, created, added = changes.event, changes.created, changes.claims_added
    log = changes.log[len(_openings(changes)) :]
    # The statement finds rows to change by bisecting the sorted keys.
    changed = sorted(changes.changed, key=lambda pair: pair[0].id.bytes)
    moved = sorted(changes.claims_moved, key=lambda pair: pair[0].seat_id.bytes)
    removed = sorted(changes.claims_removed, key=lambda claim: claim.seat_id.bytes)
    reseated = [after for before, after in changed if after.seat_ids != before.seat_ids]
    first_created, last_created, created_seats = _flattened([new.seat_ids for new in created])
    first_reseated, last_reseated, reseated_seats = _flattened([after.seat_ids for after in reseated])
    first_logged, last_logged, logged_seats = _flattened([entry.seat_ids for entry in log])
    first_kept, last_kept, kept_back_seats = _flattened([entry.kept_back_seat_ids for entry in log])
    first_freed, last_freed, freed_seats = _flattened([entry.freed_seat_ids for entry in log])
    return {
        "event_id": event.id,
        "loaded_version": changes.loaded_version,
        "version": event.version,
        "available": event.available,
        "reserved": event.reserved,
        "confirmed": event.confirmed,
        "pending_reservations": event.pending_reservations,
        "confirmed_reservations": event.confirmed_reservations,
        "now": now,
        "created_ids": [new.id for new in created],
        "created_user_ids": [new.user_id for new in created],
        "created_idempotency_keys": [new.idempotency_key for new in created],
        "created_fingerprints": [new.fingerprint for new in created],
        "created_statuses": [new.status for new in created],
        "created_cancel_reasons": [new.cancel_reason for new in created],
        "created_total_amounts": [new.total_amount for new in created],
        "created_expire_at": [new.expires_at for new in created],
        "created_confirmed_at": [new.confirmed_at for new in created],
        "created_versions": [new.created_version for new in created],
        "created_changed_versions": [new.changed_version for new in created],
        "created_extensions": [new.extensions for new in created],
        "created_beyond_limit": [new.beyond_limit for new in created],
        "created_first_seats": first_created,
        "created_last_seats": last_created,
        "created_seat_ids": created_seats,
        "created_prices": _prices(created),
        "changed_ids": [before.id for before, _ in changed],
        "changed_loaded_versions": [before.changed_version for before, _ in changed],
        "changed_statuses": [after.status for _, after in changed],
        "changed_cancel_reasons": [after.cancel_reason for _, after in changed],
        "changed_expire_at": [after.expires_at for _, after in changed],
        "changed_confirmed_at": [after.confirmed_at for _, after in changed],
        "changed_versions": [after.changed_version for _, after in changed],
        "changed_extensions": [after.extensions for _, after in changed],
        "changed_beyond_limit": [after.beyond_limit for _, after in changed],
        "changed_total_amounts": [after.total_amount for _, after in changed],
        "reseated_ids": [after.id for after in reseated],
        "reseated_first_seats": first_reseated,
        "reseated_last_seats": last_reseated,
        "reseated_seat_ids": reseated_seats,
        "reseated_prices": _prices(reseated),
        "claimed_seat_ids": [claim.seat_id for claim in added],
        "claimed_reservation_ids": [claim.reservation_id for claim in added],
        "claimed_statuses": [claim.status for claim in added],
        "claimed_expire_at": [claim.expires_at for claim in added],
        "moved_seat_ids": [before.seat_id for before, _ in moved],
        "moved_loaded_reservation_ids": [before.reservation_id for before, _ in moved],
        "moved_reservation_ids": [after.reservation_id for _, after in moved],
        "moved_statuses": [after.status for _, after in moved],
        "moved_expire_at": [after.expires_at for _, after in moved],
        "freed_seat_ids": [claim.seat_id for claim in removed],
        "freed_loaded_reservation_ids": [claim.reservation_id for claim in removed],
        "logged_versions": [entry.version for entry in log],
        "logged_kinds": [entry.kind for entry in log],
        "logged_reservation_ids": [entry.reservation_id for entry in log],
        "logged_details": [entry.detail for entry in log],
        "logged_first_seats": first_logged,
        "logged_last_seats": last_logged,
        "logged_seat_ids": logged_seats,
        "logged_first_freed_seats": first_freed,
        "logged_last_freed_seats": last_freed,
        "logged_freed_seat_ids": freed_seats,
        "logged_first_kept_back_seats": first_kept,
        "logged_last_kept_back_seats": last_kept,
        "logged_kept_back_seat_ids": kept_back_seats,
    }


def channel_arguments(changes: Changes, now: datetime) -> ChangedChannels:
    """Arrange what a batch changes in channels as the arguments of `store_channels`."""
    loaded = {before.key: before for before, _ in changes.channels}
    openings = _openings(changes)
    opened_keys = [entry.detail or "" for entry in openings]
    return {
        "event_id": changes.event.id,
        "now": now,
        "keys": list(loaded),
        "loaded_kept_back": [before.kept_back for before in loaded.values()],
        "kept_back": [after.kept_back for _, after in changes.channels],
        "opened_versions": [entry.version for entry in openings],
        "opened_keys": opened_keys,
        "opened_kept_back": [loaded[key].kept_back for key in opened_keys],
        "named_max": NAMED_SEATS_MAX,
    }


def expected_channel_counts(changes: Changes) -> dict[str, int]:
    """Return how many rows of each kind `store_channels` must write."""
    return {"channels": len(changes.channels), "openings": len(_openings(changes))}


def _openings(changes: Changes) -> list[LogEntry]:
    """Return the log entries that `store_channels` writes: those of the channels that are opened, which come first."""
    if not changes.channels:
        return []
    return [entry for entry in changes.log if entry.kind is ChangeKind.CHANNEL_OPENED]


def load_arguments(closures: Mapping[UUID, Closure]) -> Touched:
    """Arrange what batches can touch, by event, as the arguments of `load_batch`."""
    wanted = [(seat_id, event_id) for event_id, closure in closures.items() for seat_id in closure.seat_ids]
    keys = [(*key, event_id) for event_id, closure in closures.items() for key in closure.keys]
    changes = [(*change, event_id) for event_id, closure in closures.items() for change in closure.changes]
    buyers = [(user_id, event_id) for event_id, closure in closures.items() for user_id in closure.buyers]
    asked = [(asked_id, event_id) for event_id, closure in closures.items() for asked_id in closure.reservation_ids]
    return {
        "event_ids": list(closures),
        "wanted_seat_ids": [seat_id for seat_id, _ in wanted],
        "wanted_event_ids": [event_id for _, event_id in wanted],
        "key_user_ids": [user_id for user_id, _, _ in keys],
        "idempotency_keys": [key for _, key, _ in keys],
        "key_event_ids": [event_id for _, _, event_id in keys],
        "asked_reservation_ids": [reservation_id for reservation_id, _ in asked],
        "asked_event_ids": [event_id for _, event_id in asked],
        "change_ids": [str(change_id) for change_id, _, _ in changes],
        "changed_reservation_ids": [reservation_id for _, reservation_id, _ in changes],
        "change_event_ids": [event_id for _, _, event_id in changes],
        "buyer_user_ids": [user_id for user_id, _ in buyers],
        "buyer_event_ids": [event_id for _, event_id in buyers],
        "overdue_max": max(closure.overdue_max for closure in closures.values()),
    }


def makes_new_holds_only(changes: Changes) -> bool:
    """Return whether a batch only held free seats. Its claims and log entries then follow from its reservations."""
    return (
        not (changes.changed or changes.claims_moved or changes.claims_removed)
        and len(changes.log) == len(changes.created) > 0
    )


def new_hold_arguments(batches: Sequence[Changes], now: datetime) -> NewHolds:
    """Arrange such changes, each of a different event, as the arguments of `store_new_holds`."""
    batches = sorted(batches, key=lambda changes: changes.event.id.bytes)  # the statement bisects the ids
    events = [changes.event for changes in batches]
    created = [new for changes in batches for new in changes.created]
    first, last, seats = _flattened([new.seat_ids for new in created])
    return {
        "event_ids": [event.id for event in events],
        "loaded_versions": [changes.loaded_version for changes in batches],
        "versions": [event.version for event in events],
        "available": [event.available for event in events],
        "reserved": [event.reserved for event in events],
        "confirmed": [event.confirmed for event in events],
        "pending_reservations": [event.pending_reservations for event in events],
        "confirmed_reservations": [event.confirmed_reservations for event in events],
        "now": now,
        "expires_at": created[0].expires_at,
        "reservation_ids": [new.id for new in created],
        "reservation_event_ids": [new.event_id for new in created],
        "user_ids": [new.user_id for new in created],
        "idempotency_keys": [new.idempotency_key for new in created],
        "fingerprints": [new.fingerprint for new in created],
        "total_amounts": [new.total_amount for new in created],
        "created_versions": [new.created_version for new in created],
        "beyond_limit": [new.beyond_limit for new in created],
        "first_seats": first,
        "last_seats": last,
        "seat_ids": seats,
        "prices": _prices(created),
    }


def expected_counts(*batches: Changes) -> dict[str, int]:
    """Return how many rows of each kind the statement must write for these batches, each of a different event."""
    return {
        "events": len(batches),
        "created": sum(len(changes.created) for changes in batches),
        "changed": sum(len(changes.changed) for changes in batches),
        "claims_added": sum(len(changes.claims_added) for changes in batches),
        "claims_moved": sum(len(changes.claims_moved) for changes in batches),
        "claims_removed": sum(len(changes.claims_removed) for changes in batches),
        "log": sum(len(changes.log) - len(_openings(changes)) for changes in batches),
    }


def _prices(priced: Sequence[Reservation]) -> list[int]:
    """Concatenate the prices of reservations that were made, or got other seats, in this batch."""
    together: list[int] = []
    for one in priced:
        assert one.prices is not None, "a reservation gets its prices with its seats"
        together.extend(one.prices)
    return together


def _flattened(lists: Sequence[tuple[UUID, ...]]) -> tuple[list[int], list[int], list[UUID]]:
    """Concatenate lists, because SQL has no arrays with rows of different lengths.

    Returns:
        The first position of each list, the last position of each, and all elements.
    """
    first: list[int] = []
    last: list[int] = []
    together: list[UUID] = []
    for one in lists:
        first.append(len(together) + 1)
        together.extend(one)
        last.append(len(together))
    return first, last, together
