"""The maps of the events that are being looked at, bounded in memory."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

import structlog

from holdfast.application.failures import Unavailable
from holdfast.application.gatherer import Gatherer
from holdfast.application.reading.seat_map import LoggedChange, SeatMap
from holdfast.domain.snapshot import Changes, Mark
from holdfast.telemetry import metrics

log = structlog.get_logger(__name__)

JSON_BYTES_PER_SEAT = 1_000
"""What a seat takes with its JSON, head and cached lists, at most about; an event may fill half of the memory."""

PAUSE_SECONDS = 0.001
"""While many ask, questions to the database begin this far apart: a short wait, and thousands share one."""

EXPIRE_SECONDS = 0.5
"""How often at most an event with overdue holds is asked to record their expiry."""
EXPIRE_WAIT_SECONDS = 1.0
"""How long the reader who asks for it waits for that."""


@dataclass(frozen=True, slots=True)
class Freshness:
    """What a map is held against: the event's state, and the log from the version on that was known."""

    version: int
    known: Mark
    """What the known version means now, or the event's version where that is lower."""
    deleted: bool
    overdue: bool
    """A hold has run out and is not recorded as expired."""
    changes: Sequence[LoggedChange]
    """In order; not all of them where there are very many."""


class SeatMapSource(Protocol):
    """Where maps come from."""

    async def freshness(self, known: Sequence[tuple[UUID, int]]) -> list[Freshness | None]:
        """Tell, for events and the versions known of them, what has become of them; None where there is no event."""
        ...

    async def load(self, event_id: UUID, *, json_seats_max: int) -> SeatMap | None:
        """Load a map in one snapshot, with its JSON up to that many seats; None where there is no live event."""
        ...


class SeatMaps:
    """Gives maps that are true at a moment after the question was asked.

    One question of all events at a time goes to the database (single flight), which costs one look at the event's row
    where nothing has changed. Batches of this process are taken in directly where they follow the map's version.
    """

    def __init__(
        self,
        source: SeatMapSource,
        *,
        bytes_max: int,
        expire: Callable[[UUID], Awaitable[None]],
    ) -> None:
        self._source = source
        self._bytes_max = bytes_max
        self._json_seats_max = bytes_max // (2 * JSON_BYTES_PER_SEAT)
        self._expire = expire
        self._maps: OrderedDict[UUID, SeatMap] = OrderedDict()
        self._revalidations: Gatherer[None, UUID, SeatMap | None] = Gatherer(
            self._revalidate, questions_max=256, pause_seconds=PAUSE_SECONDS
        )

    async def current(self, event_id: UUID) -> SeatMap | None:
        """Give an event's map, no older than this call; None where there is no such event.

        The map moves on with later changes: read what you need of it before you wait for anything.

        Raises:
            ConnectionLost, Contended: when the database cannot be asked.
        """
        seat_map = await self._revalidations.ask(None, event_id)
        if seat_map is not None and seat_map.overdue and self._may_ask_for_expiry(seat_map):
            await self._expire_quietly(event_id)
            seat_map = await self._revalidations.ask(None, event_id)
        return seat_map

    def peek(self, event_id: UUID) -> SeatMap | None:
        """Give an event's map as it stands in memory."""
        return self._maps.get(event_id)

    def committed(self, event_id: UUID, changes: Changes) -> None:
        """Take in a batch of this process, if it follows what the map knows; else the next question catches up."""
        seat_map = self._maps.get(event_id)
        if seat_map is None or seat_map.mark != changes.loaded_mark:
            return
        for entry in changes.log:
            mark = Mark(entry.version, changes.at, entry.kind, entry.reservation_id)
            if not seat_map.apply(LoggedChange(mark, entry.seat_ids)):
                self._drop(event_id)
                return

    async def _revalidate(self, _: None, event_ids: Sequence[UUID]) -> Sequence[SeatMap | None]:
        distinct = list(dict.fromkeys(event_ids))
        known = [(event_id, seat_map.mark) for event_id in distinct if (seat_map := self._maps.get(event_id))]
        current: dict[UUID, SeatMap | None] = {}
        if known:
            found = await self._source.freshness([(event_id, mark.version) for event_id, mark in known])
            for (event_id, mark), fresh in zip(known, found, strict=True):
                if self._catch_up(event_id, mark, fresh):
                    current[event_id] = self._maps[event_id]
                elif fresh is None or fresh.deleted:
                    current[event_id] = None
        for event_id in distinct:
            if event_id not in current:
                current[event_id] = await self._load(event_id)
        return [current[event_id] for event_id in event_ids]

    def _catch_up(self, event_id: UUID, known: Mark, fresh: Freshness | None) -> bool:
        """Bring a map to what was read; False where that cannot be done and the map was dropped."""
        seat_map = self._maps.get(event_id)
        if seat_map is None:
            return False
        if fresh is None or fresh.deleted or fresh.known != known:
            # The version went back, or means another entry now: a failover lost the end of the log.
            self._drop(event_id)
            return False
        for change in fresh.changes:
            # Own batches may have been taken in since the question was asked.
            if change.version > seat_map.version and not seat_map.apply(change):
                self._drop(event_id)
                return False
        if seat_map.version < fresh.version:
            self._drop(event_id)
            return False
        self._maps.move_to_end(event_id)
        seat_map.overdue = fresh.overdue
        return True

    async def _load(self, event_id: UUID) -> SeatMap | None:
        seat_map = await self._source.load(event_id, json_seats_max=self._json_seats_max)
        metrics.seat_maps_loaded_total.inc()
        if seat_map is None:
            return None
        self._maps[event_id] = seat_map
        self._maps.move_to_end(event_id)
        self._make_room()
        return seat_map

    def _make_room(self) -> None:
        """Let the maps go that were looked at the longest ago; the newest stays, whatever its size."""
        size_bytes = sum(seat_map.size_bytes for seat_map in self._maps.values())
        while size_bytes > self._bytes_max and len(self._maps) > 1:
            _, oldest = self._maps.popitem(last=False)
            size_bytes -= oldest.size_bytes
        metrics.seat_maps_bytes.set(size_bytes)

    def _drop(self, event_id: UUID) -> None:
        self._maps.pop(event_id, None)

    @staticmethod
    def _may_ask_for_expiry(seat_map: SeatMap) -> bool:
        now = asyncio.get_running_loop().time()
        if now < seat_map.expiry_asked_at + EXPIRE_SECONDS:
            return False
        seat_map.expiry_asked_at = now
        return True

    async def _expire_quietly(self, event_id: UUID) -> None:
        """Have the overdue holds recorded as expired; where that fails the reader sees them for another moment."""
        try:
            async with asyncio.timeout(EXPIRE_WAIT_SECONDS):
                await self._expire(event_id)
        except (Unavailable, TimeoutError) as failure:
            log.warning("expiry_not_recorded", event_id=str(event_id), error=repr(failure))
