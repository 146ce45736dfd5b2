"""How many seats each category of an event has."""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Mapping
from uuid import UUID

import msgspec

from holdfast.application.reading.views import Views

_KEPT_MAX = 200
_LARGE_SEATS_MIN = 5_000

_Key = tuple[UUID, int, int]
_kept: OrderedDict[_Key, Mapping[str, int]] = OrderedDict()
"""Counts by event, edits of its chart, and number of seats. They change with the hall, and not with sales."""


async def seats_by_category(views: Views, event_id: UUID, *, chart_edits: int, seats: int) -> Mapping[str, int]:
    """Return how many seats have each category, by its key; none if the seats have no categories."""
    key = (event_id, chart_edits, seats)
    found = _kept.get(key)
    if found is None:
        chart = await views.charts.chart(event_id, large=seats >= _LARGE_SEATS_MIN)
        if chart is None:
            return {}  # the event was deleted or archived; it may be restored
        column = chart.columns.get("categories")
        found = {} if column is None else await asyncio.to_thread(_counted, column)
        _kept[key] = found
        if len(_kept) > _KEPT_MAX:
            _kept.popitem(last=False)
    else:
        _kept.move_to_end(key)
    return found


def _counted(column: bytes) -> Mapping[str, int]:
    return Counter(key for key in msgspec.json.decode(column, type=list[str | None]) if key is not None)
