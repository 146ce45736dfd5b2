"""Layouts of charts as they are sent. Each is made once for everyone who asks, and cached until the chart changes."""

import asyncio
from dataclasses import dataclass
from uuid import UUID

from holdfast.application.giving_way import give_way, in_steps
from holdfast.application.reading.kept_by_event import KeptByEvent, MadeOfChart
from holdfast.application.reading.ports import Layouts, Marks
from holdfast.application.reading.seat_map import SeatMap
from holdfast.application.reading.source import Standing
from holdfast.domain.catalogue.event import TOTAL_SEATS_MAX
from holdfast.domain.hall.layout import LayoutMaker
from holdfast.domain.hall.reading import reading_hall

KEPT_BYTES_MAX = 32 * 1024 * 1024
"""The size of all cached layouts together, including their compressed forms."""


@dataclass(frozen=True, slots=True)
class KeptLayout(MadeOfChart):
    """The layout of an event's chart, as of one state of the event."""

    body: bytes

    @property
    def size_bytes(self) -> int:
        """Roughly how much memory it takes."""
        return 1_000 + 3 * len(self.body) // 2

    def fits(self, standing: SeatMap | Standing) -> bool:
        """Return whether the chart is still the same. A layout tells no prices."""
        return self.seats == standing.seats and self.edits.chart == standing.edits.chart


class KeptLayouts:
    """Caches layouts by event."""

    def __init__(self, layouts: Layouts, marks: Marks) -> None:
        self._layouts = layouts
        self._kept: KeptByEvent[KeptLayout] = KeptByEvent(self._make, marks, bytes_max=KEPT_BYTES_MAX)

    async def layout(self, event_id: UUID, standing: SeatMap | Standing) -> tuple[KeptLayout, int] | None:
        """Return the layout of a chart, at least as recent as `standing`, and the version at which it was known true.

        None if there is no such event.

        Raises:
            ConnectionLost, Contended: if the database cannot be asked.
        """
        return await self._kept.current(event_id, standing)

    async def _make(self, event_id: UUID, *, large: bool) -> KeptLayout | None:
        """Make a layout slice by slice. What cannot be divided is done in a thread."""
        async with self._layouts.chart(event_id, large=large) as chart:
            if chart is None:
                return None
            hall = None
            if chart.document is not None:
                hall = await in_steps(reading_hall(chart.document.encode(), seats_max=TOTAL_SEATS_MAX))
            maker = await asyncio.to_thread(LayoutMaker, hall, chart.categories)
            seats = 0
            async for some in chart.slices:
                seats += len(some.ids)
                maker.add(some)
                await give_way()
        layout = await asyncio.to_thread(maker.finish)
        opening = f'{{"event_id":"{event_id}","chart_version":{chart.edits.chart_version(seats)},'.encode()
        return KeptLayout(chart.mark, seats, chart.edits, opening + layout.removeprefix(b"{"))
