"""The audits of all cells as one list: acts on an event are recorded in its cell, all others in cell 0."""

import heapq
from dataclasses import dataclass
from itertools import islice
from uuid import UUID

from holdfast.application.cells.view import View
from holdfast.application.identity.policy import Reach
from holdfast.application.identity.ports import AuditPages, AuditPlace
from holdfast.domain.identity.audit import StoredEntry


@dataclass(frozen=True, slots=True)
class _Cursor:
    """Where a page begins: after an entry of one cell."""

    cell: int
    place: AuditPlace


class MergedAudit:
    """`AuditReads` over several cells. Entries are sorted by time; of one cell they keep their order in it.

    The next page of an entry's own cell begins after its position, and that of another cell after its time. Where two
    have the same time, the cell with the lower number comes first. Where the clock of a database was set back by more
    than ten seconds, an entry made just then may be on two pages or on none.
    """

    def __init__(self, cells: View[AuditPages]) -> None:
        self._cells = cells

    async def audit(self, reach: Reach, *, after: UUID | None, limit: int) -> list[StoredEntry]:
        """Return entries, newest first, starting after the entry `after`; none if there is no such entry."""
        cursor = None if after is None else await self._find(after, reach)
        if after is not None and cursor is None:
            return []

        async def read(number: int, pages: AuditPages) -> list[tuple[StoredEntry, int]]:
            position = await _begin(cursor, number, pages)
            return [(entry, number) for entry in await pages.audit_before(reach, position, limit=limit)]

        found = await self._cells.ask_all(read)
        merged = heapq.merge(*found.values(), key=lambda one: (one[0].at, -one[1]), reverse=True)
        return [entry for entry, _ in islice(merged, limit)]

    async def _find(self, entry_id: UUID, reach: Reach) -> _Cursor | None:
        for number in self._cells.where(entry_id):
            place = await self._cells.at(number).audit_place(reach, entry_id)
            if place is not None:
                return _Cursor(number, place)
        return None


async def _begin(cursor: _Cursor | None, number: int, pages: AuditPages) -> int | None:
    if cursor is None:
        return None
    if cursor.cell == number:
        return cursor.place.position
    return await pages.position_after(cursor.place.at, including=number > cursor.cell)
