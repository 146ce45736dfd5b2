"""Layouts of charts as they are sent. Each is made once for everyone who asks, and cached until the chart changes."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from holdfast.application.coalescer import Coalescer
from holdfast.application.giving_way import give_way, in_steps
from holdfast.application.reading.edits import Edits
from holdfast.application.reading.kept_answers import KeptAnswers
from holdfast.application.reading.ports import Layouts
from holdfast.application.reading.seat_map import SeatMap
from holdfast.application.reading.source import Standing
from holdfast.domain.booking.snapshot import Mark
from holdfast.domain.catalogue.event import TOTAL_SEATS_MAX
from holdfast.domain.hall.layout import LayoutMaker
from holdfast.domain.hall.reading import reading_hall

KEPT_BYTES_MAX = 32 * 1024 * 1024
"""The size of all cached layouts together, including their compressed forms."""
LAYOUTS_MAX = 1_024
LARGE_SEATS_MIN = 5_000
"""Layouts of at least this size are made one at a time, on a connection of their own, so small ones never wait."""


@dataclass(frozen=True, slots=True)
class KeptLayout:
    """The layout of an event's chart, as of one state of the event."""

    mark: Mark
    seats: int
    edits: Edits
    body: bytes
    answers: KeptAnswers = field(default_factory=KeptAnswers)

    @property
    def chart_version(self) -> int:
        """The version of the chart."""
        return self.edits.chart_version(self.seats)

    @property
    def size_bytes(self) -> int:
        """Roughly how much memory it takes."""
        return 1_000 + 3 * len(self.body) // 2


class KeptLayouts:
    """Caches layouts by event. The least recently used are dropped first."""

    def __init__(self, layouts: Layouts) -> None:
        self._layouts = layouts
        self._kept: OrderedDict[UUID, KeptLayout] = OrderedDict()
        self._size_bytes = 0
        self._large_turns = asyncio.Lock()
        self._makings: Coalescer[UUID, int, KeptLayout | None] = Coalescer(self._make, questions_max=1_000)

    async def layout(self, event_id: UUID, standing: SeatMap | Standing) -> tuple[KeptLayout, int] | None:
        """Return the layout of a chart, at least as recent as `standing`, and the version at which it was known true.

        None if there is no such event.

        Raises:
            ConnectionLost, Contended: if the database cannot be asked.
        """
        kept, seats, version = self._kept.get(event_id), standing.seats, standing.version
        same = kept is not None and kept.seats == seats and kept.edits.chart == standing.edits.chart
        if kept is not None and same and await self._still_true(event_id, kept, standing):
            self._kept.move_to_end(event_id)
            return kept, version
        made = await self._makings.ask(event_id, seats)
        return None if made is None else (made, made.mark.version)

    async def _still_true(self, event_id: UUID, kept: KeptLayout, standing: SeatMap | Standing) -> bool:
        """Return whether the log still contains the state a layout was made in. A failover may have lost its seats."""
        still = kept.mark == standing.mark or kept.mark == await self._layouts.mark(event_id, kept.mark.version)
        return still and self._kept.get(event_id) is kept

    async def _make(self, event_id: UUID, seats: Sequence[int]) -> Sequence[KeptLayout | None]:
        if max(seats) >= LARGE_SEATS_MIN:
            async with self._large_turns:
                made = await self._made(event_id, large=True)
        else:
            made = await self._made(event_id, large=False)
        if made is not None:
            self._keep(event_id, made)
        return [made] * len(seats)

    async def _made(self, event_id: UUID, *, large: bool) -> KeptLayout | None:
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

    def _keep(self, event_id: UUID, layout: KeptLayout) -> None:
        self._drop(event_id)
        self._kept[event_id] = layout
        self._size_bytes += layout.size_bytes
        while (self._size_bytes > KEPT_BYTES_MAX or len(self._kept) > LAYOUTS_MAX) and self._kept:
            self._drop(next(iter(self._kept)))

    def _drop(self, event_id: UUID) -> None:
        dropped = self._kept.pop(event_id, None)
        if dropped is not None:
            self._size_bytes -= dropped.size_bytes
