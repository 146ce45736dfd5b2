"""Decides whether operations without an answer took effect."""

from collections.abc import Iterable
from typing import overload

import numpy as np
from msgspec.structs import replace

from chaos.histories.compact_history import CompactHistory
from chaos.histories.database_rows import ReservationRow
from chaos.histories.operation import Operation

Wish = tuple[str, str, str]
"""Event, user and idempotency key: they identify at most one reservation."""


@overload
def settle(operations: CompactHistory, reservations: Iterable[ReservationRow]) -> CompactHistory: ...
@overload
def settle(operations: list[Operation], reservations: Iterable[ReservationRow]) -> list[Operation]: ...
def settle(
    operations: CompactHistory | list[Operation], reservations: Iterable[ReservationRow]
) -> CompactHistory | list[Operation]:
    """Turn every `info` into `ok` or `fail` by what is stored for its key or reservation.

    A reservation that no answer calls created is attributed to the earliest unanswered call with its key. It may have
    been made at any time after the call, so a settled operation still has no return time.

    Args:
        operations: The history, with all its answers.
        reservations: Every reservation of the events concerned, from the database or from `GET /reservations`, read
            after all activity has ended.

    Returns:
        The history in the same order, without `info`. Reads without an answer are `fail`.
    """
    if isinstance(operations, CompactHistory):
        columns, told = operations.columns, operations.vocabulary
        named = np.unique(columns["reservation"][columns["answer"] == told.texts["created"]])
        created = {told.all_texts()[number] for number in named.tolist()}
        places = np.flatnonzero(columns["outcome"] == told.texts["info"])
        unanswered = dict(zip(places.tolist(), operations.at(places), strict=True))
        return operations.changed(_settled(unanswered, reservations, created))
    history = list(operations)
    created = {operation.reservation for operation in history if operation.answer == "created"}
    unanswered = {place: operation for place, operation in enumerate(history) if operation.outcome == "info"}
    for place, operation in _settled(unanswered, reservations, created).items():
        history[place] = operation
    return history


def _settled(
    unanswered: dict[int, Operation], reservations: Iterable[ReservationRow], created: set[str]
) -> dict[int, Operation]:
    """Settle operations, by their indexes; `created` are the reservations that an answer calls created."""
    by_wish = {(row.event, row.user, row.key): row for row in reservations}
    by_id = {row.id: row for row in by_wish.values()}
    settled = {}
    for place, operation in sorted(unanswered.items(), key=lambda item: item[1].called_ns):
        match operation.kind:
            case "reserve" | "choose":
                row = by_wish.get((operation.event, operation.user, operation.key))
                settled[place] = _settle_reserve(operation, row, created)
            case "extend" | "change_seats":
                # It may have been followed by others, so whether it took effect only shows in the log.
                known = operation.reservation in by_id
                outcome, answer = ("ok", "settled") if known else ("fail", "none")
                settled[place] = replace(operation, outcome=outcome, answer=answer)
            case "archive" | "restore":
                # It may have taken effect at any time since its call, which is all that the rules read of it.
                settled[place] = replace(operation, outcome="ok", answer=f"{operation.kind}d")
            case "confirm" | "sell" | "cancel" | "release":
                settled[place] = _settle_resolution(operation, by_id.get(operation.reservation))
            case _:
                settled[place] = replace(operation, outcome="fail", answer="none")
    return settled


def _settle_reserve(operation: Operation, row: ReservationRow | None, created: set[str]) -> Operation:
    chosen = operation.kind == "choose"
    if row is None or (len(row.seats) != len(operation.seats) if chosen else set(row.seats) != set(operation.seats)):
        return replace(operation, outcome="fail", answer="none")
    if chosen:
        operation = replace(operation, named=row.seats)
    if row.id in created:
        # Another call made it, so this one changed nothing, whenever it was decided.
        return replace(operation, outcome="ok", answer="settled", reservation=row.id)
    created.add(row.id)
    return replace(operation, outcome="ok", answer="created", reservation=row.id, version=row.created_version)


def _settle_resolution(operation: Operation, row: ReservationRow | None) -> Operation:
    wanted = ("confirmed",) if operation.kind in ("confirm", "sell") else ("cancelled",)
    if row is None or row.status not in wanted:
        return replace(operation, outcome="fail", answer="none")
    return replace(operation, outcome="ok", answer="settled")
