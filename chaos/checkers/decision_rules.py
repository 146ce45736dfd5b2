"""The rules of decisions: which answers to reserve, confirm and cancel are right at a version."""

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import repeat
from typing import Any

from chaos.checkers.judged import JudgedEvent
from chaos.checkers.report import Rule
from chaos.histories.columns import Table, Wish
from chaos.histories.history import FOREVER, NO_VERSION, held
from chaos.histories.operation import KEPT_BACK


def check_decisions(judged: JudgedEvent) -> None:
    """Check every decision about one event."""
    _check_created(judged)
    _check_replayed(judged)
    _check_keys_reused(judged)
    _check_taken(judged)
    _check_resolutions(judged)
    if judged.assumptions.complete:
        _check_all_were_asked(judged)


def _check_created(judged: JudgedEvent) -> None:
    """A new reservation is in the log at its version with buyer, key and seats, and only one answer calls it new."""
    table, log = judged.answers.created, judged.log
    if not table:
        return
    reservations = table.subjects
    if array("q", map(log.created.get, reservations, repeat(NO_VERSION))) != table.versions:
        for row in range(len(table)):
            _judge_created(judged, row)
    if list(map(log.wishes.get, reservations)) != table.details:
        for row, reservation in enumerate(reservations):
            stored = log.wishes.get(reservation)
            if stored is not None and not _same_wish(stored, table.details[row]):
                judged.complain("lost_write", table, row, f"reservation {reservation} is stored with another wish")
    _check_unique(judged, table, reservations, "reservation")
    _check_unique(judged, table, table.versions, "version")


def _judge_created(judged: JudgedEvent, row: int) -> None:
    table, log = judged.answers.created, judged.log
    reservation, version = table.subjects[row], table.versions[row]
    made_at = log.created.get(reservation)
    if made_at is None:
        taken = [seat for seat in table.details[row][2] if log.state(seat, version) not in ("", KEPT_BACK)]
        rule: Rule = "double_sale" if taken else "lost_write"
        also = f"; at that version {', '.join(taken)} went to another" if taken else ""
        judged.complain(rule, table, row, f"reservation {reservation} was answered and is not in the log{also}")
    elif made_at != version:
        judged.complain("repeated_version", table, row, f"the log has reservation {reservation} at version {made_at}")


def _same_wish(stored: Wish, asked: Wish) -> bool:
    """Compare a reservation with a wish; one without seats left the choice to Holdfast."""
    return stored[:2] == asked[:2] and (not asked[2] or set(stored[2]) == set(asked[2]))


def _check_unique(judged: JudgedEvent, table: Table[Any], column: Sequence[Any], what: str) -> None:
    if len(set(column)) == len(column):
        return
    seen: set[Any] = set()
    for row, value in enumerate(column):
        if value in seen:
            judged.complain("repeated_version", table, row, f"{what} {value} was answered as new before")
        seen.add(value)


def _check_replayed(judged: JudgedEvent) -> None:
    """A replay returns the reservation that its key made, as it was at that version."""
    table, log = judged.answers.replayed, judged.log
    for row, (reservation, version, (wish, status)) in enumerate(
        zip(table.subjects, table.versions, table.details, strict=True)
    ):
        stored = log.wishes.get(reservation)
        if stored is None or not _same_wish(stored, wish):
            judged.complain("wrong_replay", table, row, f"its key and seats did not make reservation {reservation}")
            continue
        expected = log.status(reservation, version)
        if status != expected and not (
            expected == "pending" and status == "expired" and judged.overdue_by_time(reservation, table.returns[row])
        ):
            judged.complain("wrong_replay", table, row, f"reservation {reservation} was {expected or 'not made'}")


def _check_keys_reused(judged: JudgedEvent) -> None:
    table, log = judged.answers.key_reused, judged.log
    if not table:
        return
    by_key = {wish[:2]: reservation for reservation, wish in log.wishes.items()}
    for row, (version, wish) in enumerate(zip(table.versions, table.details, strict=True)):
        reservation = by_key.get(wish[:2])
        if reservation is None or log.created.get(reservation, FOREVER) > version:
            judged.complain("wrong_refusal", table, row, "its key had made no reservation")
        elif _same_wish(log.wishes[reservation], wish):
            judged.complain("wrong_refusal", table, row, "its key had made a reservation of these seats")


def _check_taken(judged: JudgedEvent) -> None:
    """Every seat that a refusal names was held or sold, or was wanted by a command being decided at the same time."""
    table = judged.answers.taken
    if not table:
        return
    timelines = judged.log.timelines
    overdue_since = _overdue_holds(judged, max(table.calls, default=0))
    doubtful = []
    never: tuple[list[int], list[str]] = ([], [""])
    columns = zip(table.subjects, table.versions, table.calls, table.details, strict=True)
    for row, (seat, version, called, wanted) in enumerate(columns):
        versions, states = timelines.get(seat, never)
        state = states[bisect_right(versions, version)]
        if not state or seat not in wanted:
            doubtful.append(row)
        elif state in overdue_since and called >= overdue_since[state]:
            judged.complain("wrong_refusal", table, row, f"the claim on seat {seat}, {state}, had run out")
    if doubtful:
        _judge_doubtful(judged, doubtful)


def _overdue_holds(judged: JudgedEvent, last_call_ns: int) -> dict[str, int]:
    """Find holds that outlived their expiry, with the call time from which they no longer justify a refusal."""
    rows = (judged.log.lives.rows[number] for number in judged.log.lives.overdue)
    bounds = {held(row.id): judged.assumptions.overdue_from_ns(row.expires_at_us) for row in rows if row is not None}
    return {state: bound for state, bound in bounds.items() if bound <= last_call_ns}


def _judge_doubtful(judged: JudgedEvent, rows: Iterable[int]) -> None:
    table, created, reseated = judged.answers.taken, judged.answers.created, judged.answers.reseated
    takers: dict[str, list[int]] = {}
    times = [*zip(created.calls, created.returns, strict=True), *zip(reseated.calls, reseated.returns, strict=True)]
    for taker, seats in enumerate([*(wish[2] for wish in created.details), *reseated.details]):
        for seat in seats:
            takers.setdefault(seat, []).append(taker)
    for row in rows:
        called, returned = table.calls[row], table.returns[row]
        if table.subjects[row] not in table.details[row]:
            judged.complain("wrong_refusal", table, row, f"it names {table.subjects[row]!r}, which was not wanted")
        elif not any(
            times[taker][0] < returned and called < times[taker][1] for taker in takers.get(table.subjects[row], ())
        ):
            judged.complain("wrong_refusal", table, row, f"seat {table.subjects[row]!r} was free")


def _check_resolutions(judged: JudgedEvent) -> None:
    """The answers to confirm and cancel were true at their versions."""
    answers, log = judged.answers, judged.log
    refused = answers.refused
    _check_reached(judged, answers.confirmed, "confirmed")
    _check_reached(judged, answers.cancelled, "cancelled", "expired")
    _check_reached(judged, answers.released, "cancelled", "expired")
    _check_reached(judged, refused["hold_expired"], "expired")
    _check_reached(judged, refused["already_cancelled"], "cancelled")
    _check_reached(judged, refused["already_confirmed"], "confirmed")
    unknown = refused["reservation_not_found"]
    for row, (reservation, user) in enumerate(zip(unknown.subjects, unknown.details, strict=True)):
        stored = log.rows.get(reservation)
        if stored is not None and stored.user == user:
            judged.complain("wrong_resolution", unknown, row, f"reservation {reservation} is there, and the caller's")


def _check_reached(judged: JudgedEvent, table: Table[Any], *statuses: str) -> None:
    lives = judged.log.lives
    for row, (reservation, version) in enumerate(zip(table.subjects, table.versions, strict=True)):
        life = lives.get(reservation)
        if life is None or life.ended > version or life.status not in statuses:
            rule: Rule = "lost_write" if life is None or life.status == "pending" else "wrong_resolution"
            judged.complain(rule, table, row, f"reservation {reservation} was not {statuses[0]} at that version")


def _check_all_were_asked(judged: JudgedEvent) -> None:
    """Every effect in the log was requested by a call that was neither refused nor answered `none`."""
    answers, log = judged.answers, judged.log
    asked = {
        "made": set(answers.created.subjects),
        "confirmed": set(answers.confirmed.subjects),
        "cancelled": {*answers.cancelled.subjects, *answers.released.subjects},
    }
    for kind, reservation in answers.settled:
        # If several calls may have made a reservation, `settle` has picked the one that did.
        if kind in ("confirm", "sell"):
            asked["confirmed"].add(reservation)
        elif kind in ("cancel", "release"):
            asked["cancelled"].add(reservation)
    lives, ids = log.lives, list(log.lives.numbers)
    every: Iterable[int] = range(len(ids))
    # The quick pass has already found answers for these.
    untold_made, untold_ends = answers.sifted.untold() if answers.sifted else (every, every)
    unasked = [("made", lives.made[number], ids[number]) for number in untold_made if ids[number] not in asked["made"]]
    for number in untold_ends:
        status, row = lives.statuses[number], lives.rows[number]
        if ids[number] in asked.get(status, (ids[number],)):
            continue
        if status == "confirmed" or (row is not None and row.cancel_reason in ("user", "seller")):
            unasked.append((status, lives.ended[number], ids[number]))
    for verb, version, reservation in sorted(unasked):
        text = f"reservation {reservation} was {verb}, and every call for that was refused or answered `none`"
        judged.report.add("effect_nobody_asked", judged.event, version, text)
