"""The arguments of `store_batch`: changes as arrays, one per column."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

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
        *_event_arguments(changes, now),
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


def _event_arguments(changes: Changes, now: datetime) -> tuple[object, ...]:
    """The event's row under its guard, and the time: what both statements begin with."""
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
        now,
    )


def makes_new_holds_only(changes: Changes) -> bool:
    """Tell whether a batch did nothing but hold free seats: the versions then follow from the order of its holds."""
    return (
        not (changes.changed or changes.claims_moved or changes.claims_removed)
        and len(changes.log) == len(changes.created) > 0
    )


def new_hold_arguments(changes: Changes, now: datetime) -> list[object]:
    """Lay out such changes in the order of the parameters of `store_new_holds`."""
    created = changes.created
    first, last, seats = _flattened([new.seat_ids for new in created])
    return [
        *_event_arguments(changes, now),
        created[0].expires_at,
        [new.id for new in created],
        [new.user_id for new in created],
        [new.idempotency_key for new in created],
        [new.fingerprint for new in created],
        [new.total_amount for new in created],
        first,
        last,
        seats,
    ]


def expected_counts(changes: Changes) -> dict[str, int]:
    """Say how many rows of each kind the statement must write."""
    return {
        "events": 1,
        "created": len(changes.created),
        "changed": len(changes.changed),
        "claims_added": len(changes.claims_added),
        "claims_moved": len(changes.claims_moved),
        "claims_removed": len(changes.claims_removed),
        "log": len(changes.log),
    }


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
