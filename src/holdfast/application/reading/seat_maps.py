"""How events stand, and the maps of those whose seats are being looked at."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

import structlog

from holdfast.application.coalescer import Coalescer
from holdfast.application.failures import Contended, Unavailable
from holdfast.application.giving_way import give_way
from holdfast.application.reading.kept_maps import KeptMaps
from holdfast.application.reading.map_loads import MapLoads
from holdfast.application.reading.seat_map import LoggedChange, SeatMap
from holdfast.application.reading.source import Freshness, SeatMapSource, Standing
from holdfast.domain.booking.snapshot import Changes, Mark

log = structlog.get_logger(__name__)

JSON_BYTES_PER_SEAT = 1_000
"""What a seat takes with its JSON, at most about; an event may fill half of the memory."""

PAUSE_SECONDS = 0.001
"""While many ask, questions to the database begin this far apart: a short wait, and thousands share one."""
QUESTIONS_MAX = 256
"""Events asked for in one statement."""
ANSWERS_PER_TURN = 16
"""Readers who go on in one turn of the event loop: about a millisecond."""
ENTRIES_PER_TURN = 100
"""Log entries that are taken in between two turns of the event loop: about a millisecond."""
ENTRIES_MAX = 500
"""Log entries of an event that are read at a time: more would keep those waiting who asked for other events."""
ENTRIES_BEHIND_MAX = 2_000
"""What is further behind than this, and than it has seats, is loaded instead."""
ATTEMPTS_MAX = 8

EXPIRE_SECONDS = 0.5
"""How often at most an event with overdue holds is asked to record their expiry."""
EXPIRE_WAIT_SECONDS = 1.0
"""How long the reader who asks for it waits for that."""
EXPIRIES_REMEMBERED_MAX = 4_096


class SeatMaps:
    """Tells how events stand, and gives maps that are true at a moment after the question was asked.

    One question at a time goes to the database, for all events that are asked for (single flight); it costs one look
    at the event's row where nothing has changed, and needs no map. Loads are apart from it: each delays only those who
    want that event. Batches of this process are taken in directly where they follow what the map shows.
    """

    def __init__(
        self,
        source: SeatMapSource,
        *,
        bytes_max: int,
        expire: Callable[[UUID], Awaitable[None]],
        pause_seconds: Callable[[], float] = lambda: PAUSE_SECONDS,
    ) -> None:
        self._source = source
        self._list_seats_max = bytes_max // (2 * JSON_BYTES_PER_SEAT)
        self._expire = expire
        self._expiry_asked: OrderedDict[UUID, float] = OrderedDict()
        """When an event was last asked to record expiries, on the event loop's clock."""
        self._maps = KeptMaps(bytes_max=bytes_max)
        self._loads = MapLoads(source, self._maps)
        self._probes: Coalescer[None, UUID, SeatMap | Standing | None] = Coalescer(
            self._look_together,
            questions_max=QUESTIONS_MAX,
            pause_seconds=pause_seconds,
            answers_per_turn=ANSWERS_PER_TURN,
        )

    async def standing(self, event_id: UUID) -> SeatMap | Standing | None:
        """Tell how an event stands, no older than this call; None where there is no such event.

        It comes from the event's row; where a map is in memory, it is brought up to date, and given instead.

        Raises:
            ConnectionLost, Contended: when the database cannot be asked.
        """
        found = await self._probes.ask(None, event_id)
        if found is not None and found.overdue and await self._expired(event_id):
            found = await self._probes.ask(None, event_id)
        return found

    async def current(
        self, event_id: UUID, *, lists: bool = False, found: SeatMap | Standing | None = None
    ) -> SeatMap | None:
        """Give an event's map, no older than this call; None where there is no such event.

        The map moves on with later changes: read what you need of it before you wait for anything.

        Args:
            event_id: The event.
            lists: With its seat list, unless that would be too large to be kept.
            found: How the event was just found to stand, if that was asked for already.

        Raises:
            ConnectionLost, Contended: when the database cannot be asked.
        """
        attempts, reached = 0, -1
        while attempts < ATTEMPTS_MAX:
            standing = found or await self.standing(event_id)
            found = None
            if standing is None:
                return None
            lists = lists and self.keeps_list(standing.seats)
            kept = self._maps.get(event_id)
            if kept is not None and lists and kept.list is None:
                kept = None
            if standing is kept:
                return kept
            if kept is not None and kept.seats >= standing.seats and kept.version > reached:
                reached = kept.version  # it follows a long log, stretch by stretch
                continue
            attempts += 1
            grows = kept if kept is not None and _lacks_only_seats(kept, standing) else None
            load = self._loads.join(event_id, seats=standing.seats, lists=lists, grows=grows)
            began_later = not load.started and grows is None
            loaded = await asyncio.shield(load.future)
            if began_later and (loaded is None or not loaded.overdue):
                return loaded
        self._maps.drop(event_id)
        raise Contended(f"the seats of event {event_id} change faster than they can be read")

    def keeps_list(self, seats: int) -> bool:
        """Tell whether the list of an event with so many seats is kept in memory."""
        return seats <= self._list_seats_max

    def kept(self, event_id: UUID) -> SeatMap | None:
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
                self._maps.drop(event_id)
                return

    async def _look_together(self, _: None, event_ids: Sequence[UUID]) -> Sequence[SeatMap | Standing | None]:
        known = {event_id: self._maps.get(event_id) for event_id in event_ids}
        marks = {event_id: None if seat_map is None else seat_map.mark for event_id, seat_map in known.items()}
        asked = [(event_id, None if mark is None else mark.version) for event_id, mark in marks.items()]
        found = dict(zip(known, await self._source.freshness(asked, entries_max=ENTRIES_MAX), strict=True))
        # Of what is far behind, the end of the log was not read, and so not what the event's version means.
        far = [event_id for event_id, fresh in found.items() if fresh is not None and fresh.head is None]
        unknown = [(event_id, None) for event_id in far]
        heads = dict(zip(far, await self._source.freshness(unknown, entries_max=1), strict=True)) if far else {}
        answers: dict[UUID, SeatMap | Standing | None] = {}
        for event_id, fresh in found.items():
            try:
                seat_map = known[event_id]
                if fresh and seat_map and await self._caught_up(seat_map, marks[event_id], fresh):
                    answers[event_id] = seat_map
                    continue
            except Exception:
                # A fault of one event is not the others'; its map is loaded anew.
                log.exception("seat_map_dropped", event_id=str(event_id))
                self._maps.drop(event_id)
            answers[event_id] = _standing_of(heads.get(event_id, fresh))
            if answers[event_id] is None:
                self._maps.drop(event_id)
        return [answers[event_id] for event_id in event_ids]

    async def _caught_up(self, seat_map: SeatMap, known: Mark | None, fresh: Freshness) -> bool:
        """Bring a map to what was read; False where it is not there yet, or was dropped since it cannot follow."""
        behind = fresh.version - seat_map.version
        lost = fresh.known != known  # the version went back, or means another entry now: a failover
        if fresh.deleted or lost or behind > max(ENTRIES_BEHIND_MAX, seat_map.seats):
            self._maps.drop(seat_map.event_id)
            return False
        for count, change in enumerate(fresh.changes, start=1):
            # Own batches may have been taken in since the question was asked.
            if change.version > seat_map.version:
                if seat_map.follows(change) and seat_map.wants_seats(change):
                    return False
                if not seat_map.apply(change):
                    self._maps.drop(seat_map.event_id)
                    return False
            if count % ENTRIES_PER_TURN == 0:
                await give_way()
        if seat_map.version < fresh.version or seat_map.grown_until is not None:
            return False
        if self._maps.get(seat_map.event_id) is not seat_map:
            return False
        self._maps.touch(seat_map.event_id)
        seat_map.overdue = fresh.overdue
        return True

    async def _expired(self, event_id: UUID) -> bool:
        """Have overdue holds recorded as expired; False where somebody asked for that a moment ago.

        Where it fails the reader sees them for another moment.
        """
        now = asyncio.get_running_loop().time()
        asked_at = self._expiry_asked.get(event_id)
        if asked_at is not None and now < asked_at + EXPIRE_SECONDS:
            return False
        self._expiry_asked[event_id] = now
        self._expiry_asked.move_to_end(event_id)
        if len(self._expiry_asked) > EXPIRIES_REMEMBERED_MAX:
            self._expiry_asked.popitem(last=False)
        try:
            async with asyncio.timeout(EXPIRE_WAIT_SECONDS):
                await self._expire(event_id)
        except (Unavailable, TimeoutError) as failure:
            log.warning("expiry_not_recorded", event_id=str(event_id), error=repr(failure))
        except Exception:
            log.exception("expiry_not_recorded", event_id=str(event_id))  # the reader asked for something else
        return True


def _standing_of(fresh: Freshness | None) -> Standing | None:
    if fresh is None or fresh.deleted:
        return None
    head = fresh.head
    assert head is not None, "asked without a known version, the head is always told"
    return Standing(head, fresh.seats, fresh.available, fresh.overdue)


def _lacks_only_seats(seat_map: SeatMap, found: SeatMap | Standing) -> bool:
    """Tell whether reading what was added to a map's chart spares reading all of it."""
    return found.version > seat_map.version and seat_map.seats < found.seats <= 2 * seat_map.seats + 1_000
