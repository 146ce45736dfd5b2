"""The rules of the archive: what is answered while an event is archived, and that nothing was pending when it was.

That its log left and came back as it was needs no rule of its own: a run that archives ends with a restore, and all
other rules judge the rows that were restored.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from chaos.checkers.judged import JudgedEvent
from chaos.histories.columns import Table
from chaos.histories.database_rows import Chart
from chaos.histories.operation import FOREVER


class Spell(NamedTuple):
    """A time on the clients' clock."""

    since: int
    until: int


def check_archives(judged: JudgedEvent, chart: Chart | None) -> None:
    """Check every answer against the times in which the event was archived, and the archiving itself.

    Args:
        judged: The event.
        chart: When its sale ends; None if that is not known.
    """
    _check_refusals(judged, list(_possible_spells(judged.answers.archived, judged.answers.restored)))
    _check_answers(judged, list(_certain_spells(judged.answers.archived, judged.answers.restored)))
    _check_nothing_was_pending(judged, chart)


def _possible_spells(archived: Table[None], restored: Table[None]) -> Iterator[Spell]:
    """Tell when the event may have been archived. One operator archives and restores, one after the other."""
    ends = sorted(restored.returns)
    for called, returned in zip(archived.calls, archived.returns, strict=True):
        # What had no answer may have happened at any time since.
        yield Spell(called, min((end for end in ends if end >= returned), default=FOREVER))


def _certain_spells(archived: Table[None], restored: Table[None]) -> Iterator[Spell]:
    """Tell when the event was archived for certain."""
    restores = list(zip(restored.calls, restored.returns, strict=True))
    unheard_since = min((called for called, returned in restores if returned == FOREVER), default=FOREVER)
    for returned in archived.returns:
        if returned < unheard_since:
            yield Spell(returned, min((called for called, _ in restores if called >= returned), default=FOREVER))


def _check_refusals(judged: JudgedEvent, spells: Sequence[Spell]) -> None:
    """Nobody is told that an event is archived which is not."""
    table = judged.answers.refused_as_archived
    for row, (called, returned) in enumerate(zip(table.calls, table.returns, strict=True)):
        if not any(spell.since <= returned and called <= spell.until for spell in spells):
            judged.complain("wrong_refusal", table, row, "the event was not archived")


def _check_answers(judged: JudgedEvent, spells: Sequence[Spell]) -> None:
    """Nothing else is answered while it is."""
    if not spells:
        return
    for table in (*judged.answers.decisions(), *judged.answers.reads()):
        for row, (called, returned) in enumerate(zip(table.calls, table.returns, strict=True)):
            if any(spell.since < called and returned < spell.until for spell in spells):
                judged.complain("answered_while_archived", table, row, "the event was archived all the time")


def _check_nothing_was_pending(judged: JudgedEvent, chart: Chart | None) -> None:
    """An event is archived after its sale, and with no hold in it."""
    table, log = judged.answers.archived, judged.log
    for row, (version, returned) in enumerate(zip(table.versions, table.returns, strict=True)):
        if returned == FOREVER:
            continue
        held = [one for one in log.lives.numbers if log.status(one, version) == "pending"]
        if held:
            judged.complain("archived_early", table, row, f"reservation {held[0]} was pending")
        if chart is None or version < chart.edited:
            continue
        if chart.closes_at_us == FOREVER or not judged.assumptions.maybe_overdue(chart.closes_at_us, returned):
            judged.complain("archived_early", table, row, "its sale had not closed")
