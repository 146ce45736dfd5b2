"""Lists of events whose seats are too many to be kept as JSON: written page by page while they are sent."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from uuid import UUID

import structlog

from holdfast.application.failures import ConnectionLost, OperationalFailure, Unavailable
from holdfast.application.reading.seat_map import SeatMap, SeatTail, written
from holdfast.application.reading.source import ListPage, SeatMapSource

log = structlog.get_logger(__name__)

PAGE_SEATS = 1_000
"""Written in less than a millisecond; a list keeps one such page in memory."""
LISTS_MAX = 8
"""Lists that are sent at a time; each keeps the statuses and holders of its seats, 17 bytes a seat."""
LIST_SECONDS_MAX = 300.0
"""A client that has not taken the list by then is cut off, so that eight slow ones do not keep the others out."""
ATTEMPTS_MAX = 5
PAUSE_SECONDS = 0.2


class LargeList:
    """One list on its way (`api.streaming.Stream`).

    The chart never changes, so that its pages may be read one after the other without a transaction, and no connection
    waits for a slow client. Statuses and holders are those of the state in which the list was begun.
    """

    def __init__(self, lists: "LargeLists", seat_map: SeatMap, *, available_only: bool) -> None:
        self._lists = lists
        self._event_id = seat_map.event_id
        self._chart_seats = seat_map.seats
        self._codes, self._holders = seat_map.state()
        self._available_only = available_only
        self._stopped = False

    async def frames(self) -> AsyncGenerator[bytes, None]:
        """Give the list in pieces, each when the one before has been taken.

        Raises:
            ConnectionLost, Contended: when the rest could not be read, or was not taken in time.
        """
        self._lists.under_way += 1
        began = asyncio.get_running_loop().time()
        after_number, opening = "", b"["
        try:
            while not self._stopped:
                page = await self._page(after_number)
                if page is None:
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
        """Nothing is written past the client's pace."""
        return False

    def stop(self) -> None:
        """The client has gone."""
        self._stopped = True

    async def _page(self, after_number: str) -> ListPage | None:
        for attempt in range(1, ATTEMPTS_MAX + 1):
            try:
                return await self._lists.page(self._event_id, after_number, chart_seats=self._chart_seats)
            except OperationalFailure as failure:
                if attempt == ATTEMPTS_MAX:
                    raise
                log.warning("list_page_read_again", event_id=str(self._event_id), error=str(failure))
            await asyncio.sleep(PAUSE_SECONDS * attempt)
        raise AssertionError


class LargeLists:
    """The large lists of a process."""

    def __init__(self, source: SeatMapSource, tail: SeatTail) -> None:
        self._source = source
        self.tail = tail
        self.under_way = 0

    def open(self, seat_map: SeatMap, *, available_only: bool) -> LargeList:
        """Begin a list of a map's seats as they are now.

        Raises:
            Unavailable: while too many are under way.
        """
        if self.under_way >= LISTS_MAX:
            raise Unavailable("Too many lists of this size are being sent.", outcome="none", retry_after_seconds=5)
        return LargeList(self, seat_map, available_only=available_only)

    async def page(self, event_id: UUID, after_number: str, *, chart_seats: int) -> ListPage | None:
        """Read a page of a chart."""
        return await self._source.list_page(
            event_id, after_number=after_number, seats_max=PAGE_SEATS, chart_seats=chart_seats
        )
