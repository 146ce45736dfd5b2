"""The sales figures of the events that organisers look at, kept by each process and brought up to date from the log."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from uuid import UUID

from holdfast.application.coalescer import Coalescer
from holdfast.application.failures import Unavailable
from holdfast.application.reports.minutes import MinutesOfEvent
from holdfast.application.reports.ports import EventOnReport, ReservationSource
from holdfast.application.reports.sales_ports import SalesSource

STRETCH_ENTRIES = 5_000
"""Log entries that are added up in one statement, in some ten milliseconds."""
WAIT_SECONDS_MAX = 8.0
"""A caller waits this long for a log to be added up; it is some hundred thousand entries long if that is not enough."""
ASKING_MAX = 1_000
"""Callers who wait for the same event, and share what is read for it."""
ROWS_MAX = 1_000_000
"""Rows of all events together, 34 MB. Those of the events that nobody has looked at for the longest are dropped."""


class KeptSales:
    """Adds up each entry of a log once.

    A log is only ever appended to. So what has been added up stays true, unless a failover loses the end of the log,
    or seats get other categories.
    """

    def __init__(self, source: SalesSource, events: ReservationSource) -> None:
        self._source = source
        self._events = events
        self._kept: OrderedDict[UUID, MinutesOfEvent] = OrderedDict()
        self._catching_up: Coalescer[UUID, EventOnReport, MinutesOfEvent] = Coalescer(
            self._caught_up, questions_max=ASKING_MAX
        )

    async def minutes_of(self, event: EventOnReport) -> MinutesOfEvent:
        """Return an event's sales at the version that was read, or at a later one.

        A long log goes on being added up after a caller has given up, so whoever asks again finds more of it done.

        Raises:
            Unavailable: if it takes too long.
            ConnectionLost, Contended: if the log cannot be read.
        """
        kept = self._kept.get(event.id)
        if kept is not None and kept.mark == event.mark and kept.chart_edits == event.chart_edits:
            self._kept.move_to_end(event.id)
            return kept
        try:
            async with asyncio.timeout(WAIT_SECONDS_MAX):
                return await self._catching_up.ask(event.id, event)
        except TimeoutError:
            raise Unavailable(
                "The sales of this event are still being added up; ask again.", outcome="none", retry_after_seconds=5
            ) from None

    async def _caught_up(self, _: UUID, events: Sequence[EventOnReport]) -> Sequence[MinutesOfEvent]:
        """Bring an event up to date for all who ask, each with the event as they read it."""
        minutes = await self._catch_up(max(events, key=lambda event: event.mark.version))
        return [minutes] * len(events)

    async def _catch_up(self, event: EventOnReport) -> MinutesOfEvent:
        kept = await self._still_true(event) or MinutesOfEvent(event.chart_edits)
        self._kept[event.id] = kept
        self._kept.move_to_end(event.id)
        while kept.version < event.mark.version:
            stretch = await self._source.stretch(
                event.id,
                after_version=kept.version,
                until_version=min(kept.version + STRETCH_ENTRIES, event.mark.version),
                by_category=bool(event.categories),
            )
            if stretch is None or stretch.chart_edits != kept.chart_edits:
                raise self._changed(event.id)
            kept.add(stretch)
            self._make_room(event.id)
        if kept.version == event.mark.version and kept.mark not in (event.mark, None):
            raise self._changed(event.id)
        return kept

    def _changed(self, event_id: UUID) -> Unavailable:
        """Drop what was added up: seats got other categories, or a failover lost the end of the log."""
        self._kept.pop(event_id, None)
        return Unavailable("The event was changed while its sales were added up; ask again.", outcome="none")

    async def _still_true(self, event: EventOnReport) -> MinutesOfEvent | None:
        kept = self._kept.get(event.id)
        if kept is None or kept.mark is None or kept.chart_edits != event.chart_edits:
            return None
        return kept if await self._events.mark(event.id, kept.version) == kept.mark else None

    def _make_room(self, used: UUID) -> None:
        while sum(map(len, self._kept.values())) > ROWS_MAX:
            oldest = next(iter(self._kept))
            if oldest == used:
                del self._kept[used]
                raise Unavailable("The sales of this event are too many to add up by minute.", outcome="none")
            del self._kept[oldest]
