"""Pages of the event list, read and written once for all who ask at the same time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from holdfast.application.gatherer import Gatherer
from holdfast.application.ports import Reads
from holdfast.domain.event import Event

Page = tuple[int, int]
"""Limit and offset."""


@dataclass(frozen=True, slots=True)
class EventPage:
    """A page as it is answered; `digest` names its content."""

    body: bytes
    digest: str


class EventPages:
    """Gives pages that are no older than the question.

    No version covers all events, so every page is read; those who ask while one is being read share the next reading.
    """

    def __init__(self, reads: Reads, encode: Callable[[list[Event]], bytes]) -> None:
        self._reads = reads
        self._encode = encode
        self._readings: Gatherer[Page, None, EventPage] = Gatherer(self._read, questions_max=1_000)

    async def page(self, *, limit: int, offset: int) -> EventPage:
        """Give a page, newest created first.

        Raises:
            ConnectionLost, Contended: when the database cannot be asked.
        """
        return await self._readings.ask((limit, offset), None)

    async def _read(self, page: Page, questions: Sequence[None]) -> Sequence[EventPage]:
        limit, offset = page
        body = self._encode(await self._reads.events(limit=limit, offset=offset))
        return [EventPage(body, blake2b(body, digest_size=12).hexdigest())] * len(questions)
