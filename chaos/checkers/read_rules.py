"""The rules of reads: they show the state at their version, except that expired holds may already be gone."""

from bisect import bisect_right

from chaos.checkers.judged import JudgedEvent
from chaos.histories.operation import KEPT_BACK


def check_reads(judged: JudgedEvent, *, chart_seats: int | None) -> None:
    """Check every read of one event; `chart_seats` is its number of seats, or None if unknown."""
    _check_seats(judged)
    _check_reservations(judged)
    _check_lists(judged, chart_seats)
    if chart_seats is not None:
        _check_counts(judged, chart_seats)


def _check_seats(judged: JudgedEvent) -> None:
    table = judged.answers.seat_reads
    if not table:
        return
    timelines = judged.log.timelines
    never: tuple[list[int], list[str]] = ([], [""])
    for row, (seat, version, seen) in enumerate(zip(table.subjects, table.versions, table.details, strict=True)):
        versions, states = timelines.get(seat, never)
        state = states[bisect_right(versions, version)]
        if state == seen or (not seen and judged.free_by_time(state, table.returns[row])):
            continue
        if seen == KEPT_BACK and judged.free_by_time(state, table.returns[row]):
            continue
        if not seen and state == KEPT_BACK and judged.opened_later(version):
            continue
        judged.complain("stale_read", table, row, f"seat {seat} reads {seen or 'free'!r} and was {state or 'free'!r}")


def _check_reservations(judged: JudgedEvent) -> None:
    table, log = judged.answers.reservation_reads, judged.log
    for row, (reservation, version, seen) in enumerate(zip(table.subjects, table.versions, table.details, strict=True)):
        status = log.status(reservation, version)
        if status == seen:
            continue
        ran_out = status == "pending" and seen == "expired"
        if not (ran_out and judged.overdue_by_time(reservation, table.returns[row])):
            judged.complain(
                "stale_read", table, row, f"reservation {reservation} reads {seen} and was {status or 'not made'}"
            )


def _check_lists(judged: JudgedEvent, chart_seats: int | None) -> None:
    """Compare whole lists by walking the log once, in the order of their versions."""
    whole, free_only, log = judged.answers.list_reads, judged.answers.free_list_reads, judged.log
    rows = [(version, row, True) for row, version in enumerate(whole.versions)]
    rows += [(version, row, False) for row, version in enumerate(free_only.versions)]
    if not rows:
        return
    rows.sort()
    steps = list(log.steps())
    step = 0
    states: dict[str, str] = {}
    for version, row, is_whole in rows:
        while step < len(steps) and steps[step][0] <= version:
            _, seat, state = steps[step]
            if state:
                states[seat] = state
            else:
                states.pop(seat, None)
            step += 1
        if not is_whole:
            _judge_free_list(judged, row, states, chart_seats)
        elif whole.details[row] != states:
            _judge_list(judged, row, states)


def _judge_list(judged: JudgedEvent, row: int, states: dict[str, str]) -> None:
    table = judged.answers.list_reads
    seen = table.details[row]
    for seat in sorted(seen.keys() | states.keys()):
        state, shown = states.get(seat, ""), seen.get(seat, "")
        if state != shown and (shown or not judged.free_by_time(state, table.returns[row])):
            text = f"seat {seat} is listed {shown or 'free'!r} and was {state or 'free'!r}"
            judged.complain("stale_read", table, row, text)
            return


def _judge_free_list(judged: JudgedEvent, row: int, states: dict[str, str], chart_seats: int | None) -> None:
    table, log = judged.answers.free_list_reads, judged.log
    free = table.details[row]
    if not states.keys().isdisjoint(free):
        for seat in free:
            state = states.get(seat, "")
            if state and not judged.free_by_time(state, table.returns[row]):
                judged.complain("stale_read", table, row, f"seat {seat} is listed as free and was {state!r}")
                return
    if chart_seats is not None and log.last_seats_added <= table.versions[row] <= log.last_version:
        _judge_free(judged, row, chart_seats, len(set(free)))


def _check_counts(judged: JudgedEvent, chart_seats: int) -> None:
    table, log = judged.answers.count_reads, judged.log
    for row, (version, count) in enumerate(zip(table.versions, table.details, strict=True)):
        if log.last_seats_added <= version <= log.last_version:
            _judge_free(judged, row, chart_seats, count, counts=True)


def _judge_free(judged: JudgedEvent, row: int, chart_seats: int, seen: int, *, counts: bool = False) -> None:
    """A count of free seats may exceed the log's by the seats of holds that may have expired. It is never below."""
    log = judged.log
    table = judged.answers.count_reads if counts else judged.answers.free_list_reads
    version = table.versions[row]
    free = chart_seats - log.taken_counts[version]
    if seen == free:
        return
    most = free + log.pending_seats(version, judged.expired_until_us(table.returns[row]))
    if not free < seen <= most:
        judged.complain("stale_read", table, row, f"{seen} seats read as free where {free} were")
