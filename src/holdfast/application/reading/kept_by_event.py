"""What is made of events' charts: each made once for everyone who asks, and cached until the chart has changed."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar
from uuid import UUID

from holdfast.application.coalescer import Coalescer
from holdfast.application.least_recently_used import LeastRecentlyUsed
from holdfast.application.reading.edits import Edits
from holdfast.application.reading.kept_answers import KeptAnswers
from holdfast.application.reading.ports import Marks
from holdfast.application.reading.seat_map import SeatMap
from holdfast.application.reading.source import Standing
from holdfast.domain.booking.snapshot import Mark

EVENTS_MAX = 1_024
LARGE_SEATS_MIN = 5_000
"""Charts of at least this size are read one at a time, on a connection of their own, so small ones never wait."""


@dataclass(frozen=True, slots=True)
class MadeOfChart(ABC):
    """Something made of an event's chart, as of one state of the event."""

    mark: Mark
    seats: int
    edits: Edits
    answers: KeptAnswers = field(default_factory=KeptAnswers, kw_only=True)

    @property
    def chart_version(self) -> int:
        """The version of the chart."""
        return self.edits.chart_version(self.seats)

    @property
    @abstractmethod
    def size_bytes(self) -> int:
        """Roughly how much memory it takes."""

    @abstractmethod
    def fits(self, standing: SeatMap | Standing) -> bool:
        """Return whether the chart has not changed since in what this depends on, unless a failover lost entries."""


Made = TypeVar("Made", bound=MadeOfChart)
Made_co = TypeVar("Made_co", bound=MadeOfChart, covariant=True)


class Make(Protocol[Made_co]):
    """Makes it of an event's present chart."""

    async def __call__(self, event_id: UUID, *, large: bool) -> Made_co | None:
        """Make it; None if there is no such event. `large` says whether the chart is to be read as a large one."""
        ...


class KeptByEvent(Generic[Made]):
    """Caches what is made of charts by event. The least recently used are dropped first."""

    def __init__(self, make: Make[Made], marks: Marks, *, bytes_max: int) -> None:
        self._make = make
        self._marks = marks
        self._kept: LeastRecentlyUsed[UUID, Made] = LeastRecentlyUsed(
            lambda made: made.size_bytes, bytes_max=bytes_max, values_max=EVENTS_MAX
        )
        self._large_turns = asyncio.Lock()
        self._makings: Coalescer[UUID, int, Made | None] = Coalescer(self._make_together, questions_max=1_000)

    async def current(self, event_id: UUID, standing: SeatMap | Standing) -> tuple[Made, int] | None:
        """Return what is at least as recent as `standing`, and the version at which it was found to be true.

        None if there is no such event.

        Raises:
            ConnectionLost, Contended: if the database cannot be asked.
        """
        kept, seats, version = self._kept.get(event_id), standing.seats, standing.version
        if kept is not None and kept.fits(standing) and await self._still_true(event_id, kept, standing):
            self._kept.touch(event_id)
            return kept, version
        made = await self._makings.ask(event_id, seats)
        return None if made is None else (made, made.mark.version)

    async def _still_true(self, event_id: UUID, kept: Made, standing: SeatMap | Standing) -> bool:
        """Return whether the log still contains the state that it was made in. A failover may have lost its seats."""
        return kept.mark == standing.mark or kept.mark == await self._marks.mark(event_id, kept.mark.version)

    async def _make_together(self, event_id: UUID, seats: Sequence[int]) -> Sequence[Made | None]:
        if max(seats) >= LARGE_SEATS_MIN:
            async with self._large_turns:
                made = await self._make(event_id, large=True)
        else:
            made = await self._make(event_id, large=False)
        if made is not None:
            self._kept.put(event_id, made)
        return [made] * len(seats)
