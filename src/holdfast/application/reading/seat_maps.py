"""The current state of events, and the maps of those whose seats are being read."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

import structlog

from holdfast.application.coalescer import Coalescer
from holdfast.application.failures import Contended, Unavailable
from holdfast.application.giving_way import give_way
from holdfast.application.reading.kept_maps import KeptMaps
from holdfast.application.reading.logged_change import LoggedChange
from holdfast.application.reading.map_loads import MapLoads
from holdfast.application.reading.seat_map import SeatMap
from holdfast.application.reading.source import Freshness, SeatMapSource, Standing
from holdfast.domain.booking.snapshot import ChangeKind, Changes, Mark
from holdfast.domain.catalogue.refusals import EventArchived

log = structlog.get_logger(__name__)

JSON_BYTES_PER_SEAT = 1_000
"""The most a seat takes including its JSON, roughly. One event may use up to half of the memory."""

PAUSE_SECONDS = 0.001
"""While many ask, queries start at least this far apart: after a short wait, thousands share one."""
QUESTIONS_MAX = 256
"""Events asked about in one statement."""
ANSWERS_PER_TURN = 16
"""Readers who continue in one turn of the event loop: about a millisecond's work."""
ENTRIES_PER_TURN = 100
"""Log entries applied between two turns of the event loop: about a millisecond's work."""
ENTRIES_MAX = 500
"""Log entries of an event read at a time. More would delay those who asked about other events."""
ENTRIES_BEHIND_MAX = 2_000
"""A map that is further behind than this, and than its number of seats, is reloaded instead."""
ATTEMPTS_MAX = 8

EXPIRE_SECONDS = 0.5
"""The minimum time between two requests to record an event's overdue holds as expired."""
EXPIRE_WAIT_SECONDS = 1.0
"""How long the reader who makes that request waits for it."""
EXPIRIES_REMEMBERED_MAX = 4_096


class SeatMaps:
    """Returns the current state of events, and maps that were correct at some moment after they were asked for.

    One query at a time goes to the database, for all events that have been asked about (single flight). If nothing has
    changed, it only reads the event's row, and needs no map. Loads run separately, so that each delays only those who
    want that event. Batches of this process are applied directly if they follow on from what the map shows.
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
        """When an event was last asked to record expiries, in seconds of the event loop's clock."""
        self._maps = KeptMaps(bytes_max=bytes_max)
        self._loads = MapLoads(source, self._maps)
        self._probes: Coalescer[None, UUID, SeatMap | Standing | None] = Coalescer(
            self._look_together,
            questions_max=QUESTIONS_MAX,
            pause_seconds=pause_seconds,
            answers_per_turn=ANSWERS_PER_TURN,
        )

    @property
    def size_bytes(self) -> int:
        """Approximately how much memory the maps take."""
        return self._maps.size_bytes

    async def standing(self, event_id: UUID) -> SeatMap | Standing | None:
        """Return an event's current state, no older than this call; None if there is no such event.

        It is read from the event's row. If the event has a map in memory, the map is brought up to date and returned
        instead.

        Raises:
            EventArchived: if it was archived.
            ConnectionLost, Contended: if the database cannot be asked.
        """
        found = await self._probes.ask(None, event_id)
        if found is not None and found.overdue and await self._expired(event_id):
            found = await self._probes.ask(None, event_id)
        if isinstance(found, Standing) and found.archived:
            raise EventArchived(event_id).at(found.version)
        return found

    async def current(
        self, event_id: UUID, *, lists: bool = False, found: SeatMap | Standing | None = None
    ) -> SeatMap | None:
        """Return an event's map, no older than this call; None if there is no such event.

        The map keeps changing with the event. Read what you need from it before you await anything.

        Args:
            event_id: The event.
            lists: Include the seat list, unless it would be too large to keep.
            found: The event's state, if it has just been asked for.

        Raises:
            EventArchived: if it was archived.
            ConnectionLost, Contended: if the database cannot be asked.
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
                reached = kept.version  # the map catches up with a long log in several steps
                continue
            attempts += 1
            grows = kept if kept is not None and _lacks_only_seats(kept, standing) else None
            load = self._loads.join(event_id, seats=standing.seats, lists=lists, grows=grows)
            began_later = not load.started and load.grows is None
            loaded = await asyncio.shield(load.future)
            if began_later and loaded is not None and not loaded.overdue:
                return loaded
        self._maps.drop(event_id)
        raise Contended(f"the seats of event {event_id} change faster than they can be read")

    def keeps_list(self, seats: int) -> bool:
        """Return whether the seat list of an event with this many seats is kept in memory."""
        return seats <= self._list_seats_max

    def kept(self, event_id: UUID) -> SeatMap | None:
        """Return an event's map from memory, without updating it."""
        return self._maps.get(event_id)

    def committed(self, event_id: UUID, changes: Changes) -> None:
        """Apply a batch of this process if it follows on from the map's version. If not, the next read catches up."""
        seat_map = self._maps.get(event_id)
        if seat_map is None or seat_map.mark != changes.loaded_mark:
            return
        for entry in changes.log:
            mark = Mark(entry.version, changes.at, entry.kind, entry.reservation_id)
            if entry.kind == ChangeKind.CHANNEL_OPENED:
                return  # only the stored entry names the seats
            if not seat_map.apply(LoggedChange(mark, entry.seat_ids, entry.freed_seat_ids, entry.kept_back_seat_ids)):
                self._maps.drop(event_id)
                return

    async def _look_together(self, _: None, event_ids: Sequence[UUID]) -> Sequence[SeatMap | Standing | None]:
        known = {event_id: self._maps.get(event_id) for event_id in event_ids}
        marks = {event_id: None if seat_map is None else seat_map.mark for event_id, seat_map in known.items()}
        asked = [(event_id, None if mark is None else mark.version) for event_id, mark in marks.items()]
        found = dict(zip(known, await self._source.freshness(asked, entries_max=ENTRIES_MAX), strict=True))
        # For an event that is far behind, the end of the log was not read, so its state is not identified yet.
        far = [event_id for event_id, fresh in found.items() if fresh is not None and _is_far(fresh)]
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
                # One event's fault must not affect the others. Its map is loaded again.
                log.exception("seat_map_dropped", event_id=str(event_id))
                self._maps.drop(event_id)
            answers[event_id] = _standing_of(heads.get(event_id, fresh))
            if answers[event_id] is None:
                self._maps.drop(event_id)
        return [answers[event_id] for event_id in event_ids]

    async def _caught_up(self, seat_map: SeatMap, known: Mark | None, fresh: Freshness) -> bool:
        """Apply what was read to a map; return False if it has not caught up yet, or was dropped."""
        behind = fresh.version - seat_map.version
        # After a failover: the version went back, or names another entry. Or a batch of this process was lost that
        # was applied since the question was asked.
        lost = fresh.known != known or any(_contradicts(change, seat_map) for change in fresh.changes)
        if fresh.deleted or fresh.archived or lost or behind > max(ENTRIES_BEHIND_MAX, seat_map.seats):
            self._maps.drop(seat_map.event_id)
            return False
        for count, change in enumerate(fresh.changes, start=1):
            # Batches of this process may have been applied since the query started.
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
        """Have overdue holds recorded as expired; return False if that was requested a moment ago.

        If it fails, the reader sees them as held for a moment longer.
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
            log.exception("expiry_not_recorded", event_id=str(event_id))  # not worth failing the read
        return True


def _is_far(fresh: Freshness) -> bool:
    """Return whether the end of the log was not read. An archived event has none."""
    return fresh.head is None and not fresh.archived


def _standing_of(fresh: Freshness | None) -> Standing | None:
    if fresh is None or fresh.deleted:
        return None
    if fresh.archived:
        return Standing(Mark(fresh.version, fresh.known.at), fresh.seats, 0, archived=True)
    head = fresh.head
    assert head is not None, "asked without a known version, the head is always told"
    return Standing(head, fresh.seats, fresh.available, fresh.overdue, fresh.edits)


def _contradicts(change: LoggedChange, seat_map: SeatMap) -> bool:
    """Return whether the log has another entry at a map's version than the one that was applied."""
    return change.version == seat_map.version and change.mark != seat_map.mark


def _lacks_only_seats(seat_map: SeatMap, found: SeatMap | Standing) -> bool:
    """Return whether reading only the seats added to a map's chart saves reading the whole chart."""
    return found.version > seat_map.version and seat_map.seats < found.seats <= 2 * seat_map.seats + 1_000
