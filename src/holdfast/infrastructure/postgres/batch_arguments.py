"""The arguments of the batches' statements: rows as arrays, one per column."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from holdfast.application.ports import Closure
from holdfast.domain.snapshot import Changes


def store_arguments(changes: Changes, now: datetime) -> list[object]:
    """Lay out changes in the order of the statement's parameters."""
    created, changed = changes.created, changes.changed
    added, moved, removed, log = (
        changes.claims_added,
        changes.claims_moved,
        changes.claims_removed,
        changes.log,
    )
    first_created, last_created, created_seats = _flattened([new.seat_ids for new in created])
    first_logged, last_logged, logged_seats = _flattened([entry.seat_ids for entry in log])
    return [
        *_event_columns(changes),
        now,
        [new.id for new in created],
        [new.user_id for new in created],
        [new.idempotency_key for new in created],
        [new.fingerprint for new in created],
        [new.status for new in created],
        [new.cancel_reason for new in created],
        [new.total_amount for new in created],
        [new.expires_at for new in created],
        [new.confirmed_at for new in created],
        [new.created_version for new in created],
        [new.changed_version for new in created],
        first_created,
        last_created,
        created_seats,
        [before.id for before, _ in changed],
        [before.changed_version for before, _ in changed],
        [after.status for _, after in changed],
        [after.cancel_reason for _, after in changed],
        [after.confirmed_at for _, after in changed],
        [after.changed_version for _, after in changed],
        [claim.seat_id for claim in added],
        [claim.reservation_id for claim in added],
        [claim.status for claim in added],
        [claim.expires_at for claim in added],
        [before.seat_id for before, _ in moved],
        [before.reservation_id for before, _ in moved],
        [after.reservation_id for _, after in moved],
        [after.status for _, after in moved],
        [after.expires_at for _, after in moved],
        [claim.seat_id for claim in removed],
        [claim.reservation_id for claim in removed],
        [entry.version for entry in log],
        [entry.kind for entry in log],
        [entry.reservation_id for entry in log],
        first_logged,
        last_logged,
        logged_seats,
    ]


def load_arguments(closures: Mapping[UUID, Closure]) -> list[object]:
    """Lay out what batches can touch, by event, in the order of the parameters of `load_batch`."""
    wanted = [(seat_id, event_id) for event_id, closure in closures.items() for seat_id in closure.seat_ids]
    keys = [(*key, event_id) for event_id, closure in closures.items() for key in closure.keys]
    asked = [(asked_id, event_id) for event_id, closure in closures.items() for asked_id in closure.reservation_ids]
    return [
        list(closures),
        [seat_id for seat_id, _ in wanted],
        [event_id for _, event_id in wanted],
        [user_id for user_id, _, _ in keys],
        [key for _, key, _ in keys],
        [event_id for _, _, event_id in keys],
        [reservation_id for reservation_id, _ in asked],
        [event_id for _, event_id in asked],
        max(closure.overdue_max for closure in closures.values()),
    ]


def makes_new_holds_only(changes: Changes) -> bool:
    """Tell whether a batch did nothing but hold free seats: claims and log then follow from its reservations."""
    return (
        not (changes.changed or changes.claims_moved or changes.claims_removed)
        and len(changes.log) == len(changes.created) > 0
    )


def new_hold_arguments(batches: Sequence[Changes], now: datetime) -> list[object]:
    """Lay out such changes, each of another event, in the order of the parameters of `store_new_holds`."""
    created = [new for changes in batches for new in changes.created]
    first, last, seats = _flattened([new.seat_ids for new in created])
    return [
        *map(list, zip(*map(_event_columns, batches), strict=True)),
        now,
        created[0].expires_at,
        [new.id for new in created],
        [new.event_id for new in created],
        [new.user_id for new in created],
        [new.idempotency_key for new in created],
        [new.fingerprint for new in created],
        [new.total_amount for new in created],
        [new.created_version for new in created],
        first,
        last,
        seats,
    ]


def expected_counts(*batches: Changes) -> dict[str, int]:
    """Say how many rows of each kind the statement must write for these batches, each of another event."""
    return {
        "events": len(batches),
        "created": sum(len(changes.created) for changes in batches),
        "changed": sum(len(changes.changed) for changes in batches),
        "claims_added": sum(len(changes.claims_added) for changes in batches),
        "claims_moved": sum(len(changes.claims_moved) for changes in batches),
        "claims_removed": sum(len(changes.claims_removed) for changes in batches),
        "log": sum(len(changes.log) for changes in batches),
    }


def _event_columns(changes: Changes) -> tuple[object, ...]:
    """What both statements are told of an event: its guard, and how its row shall stand."""
    event = changes.event
    return (
        event.id,
        changes.loaded_version,
        event.version,
        event.available,
        event.reserved,
        event.confirmed,
        event.pending_reservations,
        event.confirmed_reservations,
    )


def _flattened(lists: Sequence[tuple[UUID, ...]]) -> tuple[list[int], list[int], list[UUID]]:
    """Put lists end to end, for SQL has no arrays of unequal rows: (first places, last places, all)."""
    first: list[int] = []
    last: list[int] = []
    together: list[UUID] = []
    for one in lists:
        first.append(len(together) + 1)
        together.extend(one)
        last.append(len(together))
    return first, last, together
