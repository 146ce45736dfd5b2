"""Lists of events with too many seats to keep them as JSON. They are written page by page while they are sent."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import TypeVar
from uuid import UUID

from holdfast.application.failures import ConnectionLost, Unavailable
from holdfast.application.insistence import insistently
from holdfast.application.reading.edits import Edits
from holdfast.application.reading.seat_map import SeatMap, SeatTail, written
from holdfast.application.reading.source import ListPage, SeatMapSource
from holdfast.domain.booking.snapshot import Mark

T = TypeVar("T")

PAGE_SEATS = 1_000
"""Seats per page. A page is written in less than a millisecond, and a list keeps one page in memory."""
LISTS_MAX = 8
"""Lists that may be sent at the same time. Each keeps its seats' statuses and holders, 17 bytes per seat."""
LIST_SECONDS_MAX = 300.0
"""A client that has not taken its list by then is cut off, so that eight slow clients cannot lock out the others."""


class LargeList:
    """One list that is being sent (`http.protocol.streaming.Stream`).

    The chart hardly ever changes other than by seats that are added, so its pages can be read one after another without
    a transaction, and no connection waits for a slow client. Statuses and holders are those at the moment the list was
    opened.

    There are two exceptions. A failover may lose seats, and others may then be added in their positions. And the hall
    or the prices of categories may be changed while the list is sent. So before the list ends, it is checked that the
    log still has the state at which the list was opened, and that the chart has not been edited since. If it has, the
    response is cut off, and the client asks again.
    """

    def __init__(self, lists: "LargeLists", seat_map: SeatMap, *, available_only: bool) -> None:
        self._lists = lists
        self._event_id = seat_map.event_id
        self._mark = seat_map.mark
        self._chart_seats = seat_map.seats
        self._edits = seat_map.edits
        self._codes, self._holders = seat_map.state()
        self._available_only = available_only
        self._stopped = False

    async def frames(self) -> AsyncGenerator[bytes, None]:
        """Yield the list in pieces, each once the client has taken the one before.

        Raises:
            ConnectionLost, Contended: if the rest could not be read, or was not taken in time.
        """
        self._lists.under_way += 1
        began = asyncio.get_running_loop().time()
        after_number, opening = "", b"["
        try:
            while not self._stopped:
                page = await self._page(after_number)
                if page is None:
                    await self._expect_unchanged()
                    break
                after_number = page.last_number
                tail = self._lists.tail
                whole, free = written(page.heads, page.positions, self._codes, self._holders, tail)
                seats = free if self._available_only else whole
                if seats:
                    yield opening + seats
                    opening = b","
                if asyncio.get_running_loop().time() > began + LIST_SECONDS_MAX:
                    raise ConnectionLost("a seat list was not taken in time")
            yield b"[]" if opening == b"[" else b"]"
        finally:
            self._lists.under_way -= 1

    def attach(self, _: Callable[[bytes], bool]) -> bool:
        """Refuse the sink: the list is written only as fast as the client takes it."""
        return False

    def stop(self) -> None:
        """Stop: the client has gone."""
        self._stopped = True

    async def _page(self, after_number: str) -> ListPage | None:
        return await self._insistently(
            lambda: self._lists.page(self._event_id, after_number, chart_seats=self._chart_seats)
        )

    async def _expect_unchanged(self) -> None:
        known = await self._insistently(lambda: self._lists.known(self._event_id, self._mark.version))
        if known is None or known[0] != self._mark:
            raise ConnectionLost("a failover lost the state that a seat list was begun with")
        if known[1] != self._edits:
            raise ConnectionLost("the chart was edited while its seat list was sent")

    async def _insistently(self, ask: Callable[[], Awaitable[T]]) -> T:
        return await insistently(ask, "list_page_read_again", event_id=str(self._event_id))


class LargeLists:
    """The large lists of a process."""

    def __init__(self, source: SeatMapSource, tail: SeatTail) -> None:
        self._source = source
        self.tail = tail
        self.under_way = 0

    def open(self, seat_map: SeatMap, *, available_only: bool) -> LargeList:
        """Open a list of a map's seats with their present statuses.

        Raises:
            Unavailable: if too many lists are being sent already.
        """
        if self.under_way >= LISTS_MAX:
            raise Unavailable("Too many lists of this size are being sent.", outcome="none", retry_after_seconds=5)
        return LargeList(self, seat_map, available_only=available_only)

    async def page(self, event_id: UUID, after_number: str, *, chart_seats: int) -> ListPage | None:
        """Read a page of a chart."""
        return await self._source.list_page(
            event_id, after_number=after_number, seats_max=PAGE_SEATS, chart_seats=chart_seats
        )

    async def known(self, event_id: UUID, version: int) -> tuple[Mark, Edits] | None:
        """Identify the state of an event at a version, and return its present edits; None if it no longer exists."""
        (fresh,) = await self._source.freshness([(event_id, version)], entries_max=0)
        return None if fresh is None else (fresh.known, fresh.edits)
