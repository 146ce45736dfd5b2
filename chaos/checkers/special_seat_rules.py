"""The rules of special seats: places of areas are sold by count, companion seats with their accessible seat."""

from collections.abc import Collection, Mapping

from chaos.checkers.judged import JudgedEvent
from chaos.histories.database_rows import Chart
from chaos.histories.operation import FOREVER


def check_special_seats(judged: JudgedEvent, chart: Chart | None) -> None:
    """Check every hold of such seats, and every refusal because of them.

    Once a seat was held, a hall only grows, so what the chart says at the end was true at every version.

    Args:
        judged: The event.
        chart: Its seats; None if they are unknown.
    """
    if chart is None:
        return
    areas, companions = frozenset(chart.areas), dict(chart.companions)
    _check_refused(judged, areas, companions)
    if areas:
        _check_named(judged, areas)
    if companions:
        _check_together(judged, companions)


def _check_named(judged: JudgedEvent, areas: frozenset[str]) -> None:
    """Only the box office, which goes beyond the limit of seats, names a place of an area."""
    created, log = judged.answers.created, judged.log
    chosen = set(judged.answers.chosen.subjects)
    for place, (reservation, (_, _, seats)) in enumerate(zip(created.subjects, created.details, strict=True)):
        row = log.rows.get(reservation)
        if reservation not in chosen and not areas.isdisjoint(seats) and not (row is not None and row.beyond_limit):
            judged.complain("area_named", created, place, f"reservation {reservation} names places of an area")
    for number, changes in log.lives.reseated.items():
        row, had = log.lives.rows[number], set(log.lives.first_seats[number])
        for version, seats in changes:
            if row is not None and not row.beyond_limit and not areas.isdisjoint(set(seats) - had):
                text = f"reservation {row.id} was changed to places of an area"
                judged.report.add("area_named", judged.event, version, text)
            had = set(seats)


def _check_together(judged: JudgedEvent, companions: Mapping[str, str]) -> None:
    """A reservation with a companion seat has its accessible seat, unless the companion's channel has opened to all."""
    lives, kept_back = judged.log.lives, judged.log.kept_back
    opened = {} if kept_back is None else kept_back.opened
    for number, (reservation, made) in enumerate(zip(lives.numbers, lives.made, strict=True)):
        for version, seats in ((made, lives.first_seats[number]), *lives.reseated.get(number, ())):
            alone = [seat for seat in _alone(seats, companions) if opened.get(seat, FOREVER) > version]
            if alone:
                text = f"reservation {reservation} has {', '.join(alone)} without the accessible seat"
                judged.report.add("companion_alone", judged.event, version, text)


def _check_refused(judged: JudgedEvent, areas: frozenset[str], companions: Mapping[str, str]) -> None:
    """Such a refusal is right if the wish has such seats. Whether a companion's channel had opened is not judged."""
    lives = judged.log.lives
    table = judged.answers.of_hall["area_by_count"]
    for place, (reservation, version, wanted) in enumerate(
        zip(table.subjects, table.versions, table.details, strict=True)
    ):
        number = lives.numbers.get(reservation)
        had = () if number is None else lives.seats_at(number, version)
        if areas.isdisjoint(set(wanted) - set(had)):
            judged.complain("wrong_refusal", table, place, "none of the seats is a place of an area")
    table = judged.answers.of_hall["companion_alone"]
    for place, wanted in enumerate(table.details):
        if not _alone(wanted, companions):
            judged.complain("wrong_refusal", table, place, "no companion seat would be without its accessible seat")


def _alone(seats: Collection[str], companions: Mapping[str, str]) -> list[str]:
    return [seat for seat in seats if seat in companions and companions[seat] not in seats]
