"""Pages of the event list, each encoded once for everyone who asks until one of its events changes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from uuid import UUID

from holdfast.application.coalescer import Coalescer
from holdfast.application.least_recently_used import LeastRecentlyUsed
from holdfast.application.reading.ports import Reads
from holdfast.domain.catalogue.event import Event

Page = tuple[int, int, frozenset[UUID] | None]
"""Limit, offset, and the organisers whose drafts are listed (None: of all)."""
Stamps = list[tuple[UUID, datetime]]
"""The events of a page, each with the time of its last edit. The page's content depends on nothing else."""

PAUSE_SECONDS = 0.001
"""While many ask, reads of the same page start at least this far apart."""
KEPT_BYTES_MAX = 4 * 1024 * 1024
"""The size of all cached pages together."""
PAGES_MAX = 64
"""The number of cached pages: most callers ask for one of the first few."""


@dataclass(frozen=True, slots=True)
class EventPage:
    """A page as it is sent; `digest` identifies its content."""

    body: bytes
    digest: str


class EventPages:
    """Returns pages that are never older than the request for them.

    No version covers all events, so each read fetches the page's events and the times of their last edits. Requests
    that arrive during a read share the next one.
    """

    def __init__(
        self,
        reads: Reads,
        encode: Callable[[list[Event]], bytes],
        *,
        pause_seconds: Callable[[], float] = lambda: PAUSE_SECONDS,
    ) -> None:
        self._reads = reads
        self._encode = encode
        self._kept: LeastRecentlyUsed[Page, tuple[Stamps, EventPage]] = LeastRecentlyUsed(
            lambda kept: len(kept[1].body), bytes_max=KEPT_BYTES_MAX, values_max=PAGES_MAX
        )
        self._readings: Coalescer[Page, None, EventPage] = Coalescer(
            self._read, questions_max=1_000, pause_seconds=pause_seconds
        )

    async def page(self, *, limit: int, offset: int, drafts_of: frozenset[UUID] | None = frozenset()) -> EventPage:
        """Return a page of events, newest first. Callers share a page only if they may see the same drafts.

        Raises:
            ConnectionLost, Contended: if the database cannot be asked.
        """
        return await self._readings.ask((limit, offset, drafts_of), None)

    async def _read(self, page: Page, questions: Sequence[None]) -> Sequence[EventPage]:
        limit, offset, drafts_of = page
        kept = self._kept.get(page)
        stamps = self._reads.event_stamps
        if kept is not None and kept[0] == await stamps(limit=limit, offset=offset, drafts_of=drafts_of):
            self._kept.touch(page)
            return [kept[1]] * len(questions)
        events = await self._reads.events(limit=limit, offset=offset, drafts_of=drafts_of)
        body = self._encode(events)
        found = EventPage(body, blake2b(body, digest_size=12).hexdigest())
        self._kept.put(page, ([(event.id, event.updated_at) for event in events], found))
        return [found] * len(questions)
