"""The rules of chosen seats: as many as were asked for, and nobody is refused while there are enough.

That the seats were free is checked as for every reservation. In the events of recorded runs every seat fits every wish.
"""

from chaos.checkers.judged import JudgedEvent
from chaos.histories.database_rows import Chart


def check_choices(judged: JudgedEvent, *, chart: Chart | None) -> None:
    """Check what was chosen, and what was refused for lack of seats.

    Args:
        judged: The event.
        chart: Its seats at the end; None if they are unknown.
    """
    table = judged.answers.chosen
    for row, (wanted, seats) in enumerate(table.details):
        if len(set(seats)) != wanted:
            judged.complain("wrong_choice", table, row, f"it asked for {wanted} seats and got {len(set(seats))}")
    if chart is not None:
        _check_lacking(judged, chart)


def _check_lacking(judged: JudgedEvent, chart: Chart) -> None:
    """A refusal says how many seats were free at its version. Holds that had run out are recorded as expired before.

    Seats that channels keep back count as taken here. To buyers who reach a channel more seats may be left. A companion
    seat whose accessible seat is not free fits nobody.
    """
    table, log = judged.answers.lacking, judged.log
    for row, (version, (wanted, left)) in enumerate(zip(table.versions, table.details, strict=True)):
        if not log.last_seats_added <= version <= log.last_version:
            continue
        free = chart.seats - log.taken_counts[version]
        free -= sum(
            not log.state(companion, version) and bool(log.state(accessible, version))
            for companion, accessible in chart.companions
        )
        if left < free or left >= wanted or (left > free and log.kept_back is None):
            text = f"{free} seats were free, {left} were said to be, and {wanted} were wanted"
            judged.complain("wrong_refusal", table, row, text)
