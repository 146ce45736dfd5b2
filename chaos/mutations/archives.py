"""Faults of the archive, written into a history that is known to be good."""

from random import Random

from msgspec.structs import replace

from chaos.checkers.report import Rule
from chaos.histories.operation import FOREVER
from chaos.mutations.specimen import Mutant, Mutation, Specimen


def refused_before_the_archive(specimen: Specimen, random: Random) -> Mutant | None:
    """Somebody is told that the event is archived, which it was not yet."""
    begins = [one.called_ns for one in specimen.operations if one.answer == "archived"]
    places = [
        place
        for place in specimen.having("seen", "seats_unavailable", "created", "replayed", "done")
        if not begins or specimen.operations[place].returned_ns < min(begins)
    ]
    if not places:
        return None
    place = random.choice(places)
    refused = replace(specimen.operations[place], outcome="fail", answer="event_archived", named=(), status="")
    return specimen.with_operation(place, refused)


def answered_in_the_archive(specimen: Specimen, random: Random) -> Mutant | None:
    """A node goes on answering from what it has in memory."""
    refused = [specimen.operations[place] for place in specimen.having("event_archived")]
    inside = [one for one in refused if _is_archived_throughout(specimen, one.called_ns, one.returned_ns)]
    seen = [place for place in specimen.having("seen") if specimen.operations[place].version]
    if not inside or not seen:
        return None
    moment = random.choice(inside)
    read = specimen.operations[random.choice(seen)]
    late = replace(read, called_ns=moment.called_ns, returned_ns=moment.returned_ns, process=moment.process)
    return [*specimen.operations, late], specimen.rows


def archived_with_a_hold(specimen: Specimen, random: Random) -> Mutant | None:
    """An event is archived while a hold is pending in it."""
    places = [place for place in specimen.having("archived") if specimen.operations[place].kind == "archive"]
    made = [change.version for change in specimen.rows.changes if change.kind == "reserved"]
    if not places or not made:
        return None
    place = random.choice(places)
    return specimen.with_operation(place, replace(specimen.operations[place], version=random.choice(made)))


def archived_on_sale(specimen: Specimen, _: Random) -> Mutant | None:
    """An event is archived before its sale has closed."""
    if not specimen.having("archived") or not specimen.rows.charts:
        return None
    charts = [replace(chart, edited=0, closes_at_us=FOREVER) for chart in specimen.rows.charts]
    return specimen.operations, specimen.rows_with(charts=charts)


def _is_archived_throughout(specimen: Specimen, called_ns: int, returned_ns: int) -> bool:
    begins = [one.returned_ns for one in specimen.operations if one.answer == "archived"]
    ends = [one.called_ns for one in specimen.operations if one.kind == "restore"]
    unheard = [one.called_ns for one in specimen.operations if one.kind == "restore" and one.returned_ns == FOREVER]
    since = max((begin for begin in begins if begin < called_ns), default=FOREVER)
    return since < min(unheard, default=FOREVER) and not any(since <= end <= returned_ns for end in ends)


ARCHIVE_MUTATIONS: tuple[tuple[Mutation, Rule], ...] = (
    (refused_before_the_archive, "wrong_refusal"),
    (answered_in_the_archive, "answered_while_archived"),
    (archived_with_a_hold, "archived_early"),
    (archived_on_sale, "archived_early"),
)
