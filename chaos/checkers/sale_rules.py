"""The rules of the sale: nothing is held before it opens or after it closes, and only the seller confirms if need be.

The log does not say what an event was like before its last edit, so only what came after that is judged.
"""

from collections.abc import Sequence

from chaos.checkers.judged import JudgedEvent
from chaos.histories.database_rows import Change, Chart


def check_sale(judged: JudgedEvent, chart: Chart, changes: Sequence[Change]) -> None:
    """Check when seats were held, who confirmed, and the refusals because of either.

    Args:
        judged: The event.
        chart: How it sells its seats.
        changes: Its log; of each entry the time is read, which is PostgreSQL's.
    """
    for change in changes:
        if change.kind == "reserved" and change.version > chart.edited:
            _check_held(judged, chart, change)
    _check_unopened(judged, chart)
    _check_closed(judged, chart)
    _check_sold(judged, chart)
    _check_left_to_the_seller(judged, chart)


def _check_held(judged: JudgedEvent, chart: Chart, change: Change) -> None:
    if chart.opens_at_us <= change.at_us < chart.closes_at_us:
        return
    when = "before the sale opened" if change.at_us < chart.opens_at_us else "after the sale had closed"
    text = f"reservation {change.reservation} was made {when}"
    judged.report.add("outside_sale", judged.event, change.version, text)


def _check_unopened(judged: JudgedEvent, chart: Chart) -> None:
    table = judged.answers.outside_sale["sale_not_open"]
    open_from_ns = judged.assumptions.overdue_from_ns(chart.opens_at_us) if chart.opens_at_us else 0
    for place, (version, called) in enumerate(zip(table.versions, table.calls, strict=True)):
        if version >= chart.edited and called >= open_from_ns:
            judged.complain("wrong_refusal", table, place, "the sale had opened")


def _check_closed(judged: JudgedEvent, chart: Chart) -> None:
    table = judged.answers.outside_sale["booking_closed"]
    for place, (version, returned) in enumerate(zip(table.versions, table.returns, strict=True)):
        if version >= chart.edited and not judged.assumptions.maybe_overdue(chart.closes_at_us, returned):
            judged.complain("wrong_refusal", table, place, "the sale had not closed")


def _check_sold(judged: JudgedEvent, chart: Chart) -> None:
    """Every sale of an event that only the seller confirms was asked for by the seller."""
    if not chart.seller_confirms or not judged.assumptions.complete:
        return
    lives = judged.log.lives
    for reservation, number in lives.numbers.items():
        sold = lives.statuses[number] == "confirmed" and lives.ended[number] > chart.edited
        if sold and reservation not in judged.answers.sold:
            text = f"reservation {reservation} was confirmed, and not by the seller"
            judged.report.add("seller_confirms", judged.event, lives.ended[number], text)


def _check_left_to_the_seller(judged: JudgedEvent, chart: Chart) -> None:
    """A buyer is refused only for a hold, and only where the seller confirms."""
    table = judged.answers.refused["seller_confirms"]
    for place, (reservation, version) in enumerate(zip(table.subjects, table.versions, strict=True)):
        if (status := judged.log.status(reservation, version)) != "pending":
            text = f"reservation {reservation} was {status or 'not made'}: there was nothing to confirm"
            judged.complain("wrong_resolution", table, place, text)
        elif version >= chart.edited and not chart.seller_confirms:
            judged.complain("wrong_refusal", table, place, "buyers confirm reservations of this event")
