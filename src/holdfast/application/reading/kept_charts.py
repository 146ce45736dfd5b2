"""Charts as they are sent. Each is read once for everyone who asks, and cached until it or its prices change."""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from holdfast.application.coalescer import Coalescer
from holdfast.application.reading.edits import Edits
from holdfast.application.reading.kept_answers import KeptAnswers
from holdfast.application.reading.ports import Chart, Charts
from holdfast.application.reading.seat_map import SeatMap
from holdfast.application.reading.source import Standing
from holdfast.domain.booking.snapshot import Mark

KEPT_BYTES_MAX = 64 * 1024 * 1024
"""The size of all cached charts together, including their compressed forms."""
CHARTS_MAX = 1_024
LARGE_SEATS_MIN = 5_000
"""Charts of at least this size are read one at a time, on a connection of their own, so small ones never wait."""


@dataclass(frozen=True, slots=True)
class KeptChart:
    """An event's chart, as of one state of the event."""

    mark: Mark
    seats: int
    edits: Edits
    body: list[bytes]
    """With the present price of every seat."""
    lasting_body: list[bytes] | None
    """The same without the prices of categories, so that it is true for as long as the chart has this version; None if
    `body` has no such prices."""
    answers: KeptAnswers = field(default_factory=KeptAnswers)

    @property
    def chart_version(self) -> int:
        """The version of the chart."""
        return self.edits.chart_version(self.seats)

    @property
    def size_bytes(self) -> int:
        """Roughly how much memory it takes."""
        bodies = 1 if self.lasting_body is None else 2
        return 1_000 + (2 + bodies) * sum(map(len, self.body)) // 2


class KeptCharts:
    """Caches charts by event. The least recently used are dropped first."""

    def __init__(self, charts: Charts) -> None:
        self._charts = charts
        self._kept: OrderedDict[UUID, KeptChart] = OrderedDict()
        self._size_bytes = 0
        self._large_turns = asyncio.Lock()
        self._readings: Coalescer[UUID, int, KeptChart | None] = Coalescer(self._read, questions_max=1_000)

    async def chart(self, event_id: UUID, standing: SeatMap | Standing) -> tuple[KeptChart, int] | None:
        """Return an event's chart, at least as recent as `standing`, and the version at which it was found to be true.

        None if there is no such event.

        Raises:
            ConnectionLost, Contended: if the database cannot be asked.
        """
        kept, seats, version = self._kept.get(event_id), standing.seats, standing.version
        same = kept is not None and kept.seats == seats and kept.edits == standing.edits
        if kept is not None and same and await self._still_true(event_id, kept, standing):
            return kept, version
        read = await self._readings.ask(event_id, seats)
        return None if read is None else (read, read.mark.version)

    async def _still_true(self, event_id: UUID, kept: KeptChart, standing: SeatMap | Standing) -> bool:
        """Return whether the log still contains the state a chart was read in. A failover may have lost its seats."""
        return kept.mark == standing.mark or kept.mark == await self._charts.mark(event_id, kept.mark.version)

    async def _read(self, event_id: UUID, seats: Sequence[int]) -> Sequence[KeptChart | None]:
        large = max(seats) >= LARGE_SEATS_MIN
        if large:
            async with self._large_turns:
                chart = await self._charts.chart(event_id, large=True)
        else:
            chart = await self._charts.chart(event_id, large=False)
        if chart is None:
            return [None] * len(seats)
        lasting = None if chart.own_prices is None else _body(event_id, chart, {"prices": chart.own_prices})
        found = KeptChart(chart.mark, chart.seats, chart.edits, _body(event_id, chart, {}), lasting)
        self._keep(event_id, found)
        return [found] * len(seats)

    def _keep(self, event_id: UUID, chart: KeptChart) -> None:
        self._drop(event_id)
        self._kept[event_id] = chart
        self._size_bytes += chart.size_bytes
        while (self._size_bytes > KEPT_BYTES_MAX or len(self._kept) > CHARTS_MAX) and self._kept:
            self._drop(next(iter(self._kept)))

    def _drop(self, event_id: UUID) -> None:
        dropped = self._kept.pop(event_id, None)
        if dropped is not None:
            self._size_bytes -= dropped.size_bytes


def _body(event_id: UUID, chart: Chart, instead: Mapping[str, bytes]) -> list[bytes]:
    opening = f'{{"event_id":"{event_id}","chart_version":{chart.chart_version},"seats":{chart.seats}'
    body = [opening.encode()]
    for name, values in chart.columns.items():
        body += (f',"{name}":'.encode(), instead.get(name, values))
    return [*body, b"}"]
