"""The audits of all cells as one list: acts on an event are recorded in its cell, all others in cell 0."""

import heapq
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from uuid import UUID

from holdfast.application.cells.view import View
from holdfast.application.failures import Unavailable
from holdfast.application.identity.policy import Reach
from holdfast.application.identity.ports import AuditPages, AuditPlace
from holdfast.domain.identity.audit import StoredEntry

_NOT_KNOWN = (
    "The database that has the entry `after` is away, so that it is not known where the list goes on. "
    "With `after_at`, the time of that entry, it goes on without that database."
)


@dataclass(frozen=True, slots=True)
class _Cursor:
    """Where a page begins: after an entry of one cell."""

    cell: int
    at: datetime
    position: int | None
    """In that cell; None if the cell does not answer, so that only the entry's time is known."""


class MergedAudit:
    """`AuditReads` over several cells. Entries are sorted by time; of one cell they keep their order in it.

    The next page of an entry's own cell begins after its position, and that of another cell after its time. Where two
    have the same time, the cell with the lower number comes first. Where the clock of a database was set back by more
    than ten seconds, an entry made just then may be on two pages or on none.

    While the entry's own cell is away, the list goes on after the time that the caller has of it. Entries of that very
    time may then be listed again, and none is left out.
    """

    def __init__(self, cells: View[AuditPages]) -> None:
        self._cells = cells

    async def audit(
        self, reach: Reach, *, after: UUID | None, limit: int, after_at: datetime | None = None
    ) -> list[StoredEntry]:
        """Return entries, newest first, starting after the entry `after`; none if there is no such entry.

        Raises:
            Unavailable: The cell that has that entry does not answer, and `after_at` is not given.
            ConnectionLost: No cell answers.
        """
        cursor = None if after is None else await self._find(after, after_at, reach)
        if after is not None and cursor is None:
            return []

        async def read(number: int, pages: AuditPages) -> list[tuple[StoredEntry, int]]:
            position = await _begin(cursor, number, pages)
            return [(entry, number) for entry in await pages.audit_before(reach, position, limit=limit)]

        found = await self._cells.ask_all(read)
        merged = heapq.merge(*found.values(), key=lambda one: (one[0].at, -one[1]), reverse=True)
        return [entry for entry, _ in islice(merged, limit)]

    async def _find(self, entry_id: UUID, at: datetime | None, reach: Reach) -> _Cursor | None:
        numbers = self._cells.where(entry_id)

        async def find(number: int, pages: AuditPages) -> AuditPlace | None:
            return await pages.audit_place(reach, entry_id) if number in numbers else None

        found = await self._cells.ask_all(find)
        for number in numbers:
            place = found.get(number)
            if place is not None:
                return _Cursor(number, place.at, place.position)
        silent = [number for number in numbers if number not in found]
        if not silent:
            return None
        if at is None:
            raise Unavailable(_NOT_KNOWN, outcome="none")
        return _Cursor(silent[0], at, None)


async def _begin(cursor: _Cursor | None, number: int, pages: AuditPages) -> int | None:
    if cursor is None:
        return None
    if cursor.cell == number and cursor.position is not None:
        return cursor.position
    return await pages.position_after(cursor.at, including=cursor.position is None or number > cursor.cell)
