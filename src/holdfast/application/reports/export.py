"""All reservations of an event as one long answer, read page by page while it is sent."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence

from holdfast.application.failures import ConnectionLost, Unavailable
from holdfast.application.giving_way import give_way
from holdfast.application.insistence import insistently
from holdfast.application.reports.ports import EventOnReport, Filter, Place, ReportedReservation, ReservationSource

PAGE_RESERVATIONS = 500
"""Reservations that are read in one statement, and held in memory for each client."""
RESERVATIONS_PER_TURN = 50
"""Reservations that are written between two turns of the event loop, in about half a millisecond."""
EXPORTS_MAX = 8
"""Exports that a process sends at the same time."""
EXPORT_SECONDS_MAX = 900.0
"""A client that has not taken its file by then is cut off, so that eight slow clients cannot lock out the others. A
million reservations are about 300 MB; at 3 Mbit/s they arrive in time."""

Write = Callable[[EventOnReport, Sequence[ReportedReservation]], bytes]
"""Encodes reservations."""


class Export:
    """One export that is being sent (`http.protocol.streaming.Stream`).

    Reservations are never deleted, and the version with which one was made never changes. So walking backwards from
    the event's version, each page after the client has taken the one before, finds every reservation made up to that
    version, and each once, without a transaction and without a connection that waits for a slow client. A reservation
    is shown as it was when its page was read.

    The exception is a failover, which may lose reservations that are in the file already. So before the file ends, the
    log is checked for the state with which it was begun.
    """

    def __init__(
        self, exports: "Exports", event: EventOnReport, wanted: Filter, *, before: Place, header: bytes
    ) -> None:
        self._exports = exports
        self._event = event
        self._wanted = wanted
        self._before = before
        self._header = header
        self._stopped = False

    async def frames(self) -> AsyncGenerator[bytes, None]:
        """Yield the file in pieces, each once the client has taken the one before.

        Raises:
            ConnectionLost, Contended: if the rest could not be read, or was not taken in time.
        """
        exports = self._exports
        exports.under_way += 1
        ends_at = asyncio.get_running_loop().time() + EXPORT_SECONDS_MAX
        try:
            frame = self._header
            while not self._stopped:
                found = await self._stretch()
                shown = [one for one in found if self._wanted.status in (None, one.reservation.status)]
                frame += await self._written(shown)
                if frame:
                    yield frame
                frame = b""
                if len(found) < PAGE_RESERVATIONS:
                    await self._expect_unlost()
                    return
                if asyncio.get_running_loop().time() > ends_at:
                    raise ConnectionLost("an export was not taken in time")
        finally:
            exports.under_way -= 1

    def attach(self, _: Callable[[bytes], bool]) -> bool:
        """Refuse the sink: the file is written only as fast as the client takes it."""
        return False

    def stop(self) -> None:
        """Stop: the client has gone."""
        self._stopped = True

    async def _stretch(self) -> list[ReportedReservation]:
        found = await insistently(
            lambda: self._exports.source.stretch(
                self._event, self._wanted, before=self._before, limit=PAGE_RESERVATIONS
            ),
            "export_page_read_again",
            event_id=str(self._event.id),
        )
        if found:
            last = found[-1].reservation
            self._before = Place(last.created_version, last.created_at, last.id)
        return found

    async def _written(self, reservations: Sequence[ReportedReservation]) -> bytes:
        pieces = []
        for start in range(0, len(reservations), RESERVATIONS_PER_TURN):
            pieces.append(self._exports.write(self._event, reservations[start : start + RESERVATIONS_PER_TURN]))
            await give_way()
        return b"".join(pieces)

    async def _expect_unlost(self) -> None:
        mark = self._event.mark
        found = await insistently(
            lambda: self._exports.source.mark(self._event.id, mark.version),
            "export_page_read_again",
            event_id=str(self._event.id),
        )
        if found != mark:
            raise ConnectionLost("a failover lost the state that an export was begun with")


class Exports:
    """The exports of a process."""

    def __init__(self, source: ReservationSource, write: Write) -> None:
        self.source = source
        self.write = write
        self.under_way = 0

    def open(self, event: EventOnReport, wanted: Filter, *, before: Place, header: bytes) -> Export:
        """Open an export of the reservations after a place in the list.

        Raises:
            Unavailable: if too many exports are being sent already.
        """
        if self.under_way >= EXPORTS_MAX:
            raise Unavailable("Too many exports are being sent.", outcome="none", retry_after_seconds=5)
        return Export(self, event, wanted, before=before, header=header)
