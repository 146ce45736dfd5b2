"""Charts as they are sent. Each is read once for everyone who asks, and cached until it or its prices change."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from holdfast.application.reading.kept_by_event import KeptByEvent, MadeOfChart
from holdfast.application.reading.ports import Chart, Charts
from holdfast.application.reading.seat_map import SeatMap
from holdfast.application.reading.source import Standing

KEPT_BYTES_MAX = 64 * 1024 * 1024
"""The size of all cached charts together, including their compressed forms."""


@dataclass(frozen=True, slots=True)
class KeptChart(MadeOfChart):
    """An event's chart, as of one state of the event."""

    body: list[bytes]
    """With the present price of every seat."""
    lasting_body: list[bytes] | None
    """The same without the prices of categories, so that it is true for as long as the chart has this version; None if
    `body` has no such prices."""

    @property
    def size_bytes(self) -> int:
        """Roughly how much memory it takes."""
        bodies = 1 if self.lasting_body is None else 2
        return 1_000 + (2 + bodies) * sum(map(len, self.body)) // 2

    def fits(self, standing: SeatMap | Standing) -> bool:
        """Return whether the chart has still the same seats at the same prices."""
        return self.seats == standing.seats and self.edits == standing.edits


class KeptCharts:
    """Caches charts by event."""

    def __init__(self, charts: Charts) -> None:
        self._charts = charts
        self._kept: KeptByEvent[KeptChart] = KeptByEvent(self._read, charts, bytes_max=KEPT_BYTES_MAX)

    async def chart(self, event_id: UUID, standing: SeatMap | Standing) -> tuple[KeptChart, int] | None:
        """Return an event's chart, at least as recent as `standing`, and the version at which it was found to be true.

        None if there is no such event.

        Raises:
            ConnectionLost, Contended: if the database cannot be asked.
        """
        return await self._kept.current(event_id, standing)

    async def _read(self, event_id: UUID, *, large: bool) -> KeptChart | None:
        chart = await self._charts.chart(event_id, large=large)
        if chart is None:
            return None
        lasting = None if chart.own_prices is None else _body(event_id, chart, {"prices": chart.own_prices})
        return KeptChart(chart.mark, chart.seats, chart.edits, _body(event_id, chart, {}), lasting)


def _body(event_id: UUID, chart: Chart, instead: Mapping[str, bytes]) -> list[bytes]:
    opening = f'{{"event_id":"{event_id}","chart_version":{chart.chart_version},"seats":{chart.seats}'
    body = [opening.encode()]
    for name, values in chart.columns.items():
        body += (f',"{name}":'.encode(), instead.get(name, values))
    return [*body, b"}"]
