"""The rules of the purchase limit: no buyer gets more seats than an event sells to one, or is refused below that."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from itertools import accumulate

from chaos.checkers.judged import JudgedEvent
from chaos.histories.database_rows import Change, Chart
from chaos.histories.lives import Lives
from chaos.histories.operation import FOREVER

_GIVEN_BACK = ("cancelled", "expired")


def check_limit(judged: JudgedEvent, chart: Chart | None, changes: Sequence[Change]) -> None:
    """Check what was held and what was refused since the event has the limit that it has at the end.

    The log does not say which limits it had before that.

    Args:
        judged: The event. Every reservation that was acknowledged is in its log, which `check_decisions` sees to.
        chart: Its limit.
        changes: Its log; of each entry the time is read.
    """
    since = 0 if chart is None else chart.limit_since
    limit = FOREVER if chart is None or not chart.limit else chart.limit
    if limit < FOREVER:
        _check_held(judged, limit, since, changes)
    if judged.answers.limited:
        _check_refused(judged, limit, since)


def _check_held(judged: JudgedEvent, limit: int, since: int, changes: Sequence[Change]) -> None:
    """Go through the versions that gave seats to each buyer's reservations, with those that are live beside each."""
    lives = judged.log.lives
    at_us = {change.version: change.at_us for change in changes}
    live: defaultdict[str, dict[int, None]] = defaultdict(dict)
    for version, number in _takings(lives):
        row = lives.rows[number]
        if row is None:
            continue
        of_buyer = live[row.user]
        for one in list(of_buyer):
            if lives.ended[one] <= version and lives.statuses[one] in _GIVEN_BACK:
                del of_buyer[one]
        of_buyer[number] = None
        # What had run out by then no longer counted, even if its end was recorded later.
        counted = [one for one in of_buyer if one == number or not _ran_out(judged, one, version, at_us[version])]
        seats = sum(len(lives.seats_at(one, version)) for one in counted)
        if seats > limit and version > since and not row.beyond_limit:
            text = f"with reservation {row.id} {row.user} has {seats} seats of {limit}"
            judged.report.add("purchase_limit", judged.event, version, text)


def _takings(lives: Lives) -> list[tuple[int, int]]:
    """Return the versions that made reservations or gave them more seats than they had, each with its reservation."""
    takings = [(made, number) for number, made in enumerate(lives.made)]
    for number, changes in lives.reseated.items():
        had = len(lives.first_seats[number])
        for version, seats in changes:
            if len(seats) > had:
                takings.append((version, number))
            had = len(seats)
    return sorted(takings)


def _ran_out(judged: JudgedEvent, number: int, version: int, at_us: int) -> bool:
    lives = judged.log.lives
    row = lives.rows[number]
    sold = lives.statuses[number] == "confirmed" and lives.ended[number] <= version
    return row is not None and not sold and row.expires_at_us <= at_us


def _check_refused(judged: JudgedEvent, limit: int, since: int) -> None:
    table = judged.answers.limited
    steps: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    lives = judged.log.lives
    for number, row in enumerate(lives.rows):
        if row is not None:
            seats = len(lives.first_seats[number])
            steps[row.user].append((lives.made[number], seats))
            for version, later in lives.reseated.get(number, ()):
                steps[row.user].append((version, len(later) - seats))
                seats = len(later)
            if lives.statuses[number] in _GIVEN_BACK:
                steps[row.user].append((lives.ended[number], -seats))
    for of_buyer in steps.values():
        of_buyer.sort()
    totals = {user: [0, *accumulate(seats for _, seats in of_buyer)] for user, of_buyer in steps.items()}
    for place, (user, version, wanted) in enumerate(zip(table.subjects, table.versions, table.details, strict=True)):
        have = totals.get(user, [0])[bisect_right(steps.get(user, []), version, key=lambda step: step[0])]
        if version >= since and have + wanted <= limit:
            allowed = "any number" if limit == FOREVER else limit
            text = f"{user} had {have} seats, wanted {wanted}, and may have {allowed}"
            judged.complain("wrong_refusal", table, place, text)
