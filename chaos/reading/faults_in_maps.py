"""Faults in how maps follow the log, are loaded and are cached, and in answers from them."""

import sys

from chaos.reading.seeded_faults import SeededFault, fault
from holdfast.api import representation
from holdfast.api.seats import availability, standing
from holdfast.api.seats import reads as seats
from holdfast.application.coalescer import Coalescer
from holdfast.application.least_recently_used import LeastRecentlyUsed
from holdfast.application.reading.edits import Edits
from holdfast.application.reading.event_pages import EventPages
from holdfast.application.reading.kept_answers import KeptAnswers
from holdfast.application.reading.kept_by_event import KeptByEvent
from holdfast.application.reading.kept_charts import KeptChart
from holdfast.application.reading.large_lists import LargeList
from holdfast.application.reading.logged_change import LoggedChange
from holdfast.application.reading.map_loads import MapLoads
from holdfast.application.reading.seat_list import SeatList
from holdfast.application.reading.seat_map import SeatMap
from holdfast.application.reading.seat_maps import SeatMaps

_SEEN_BY_READERS = "wrong_state stale_read tag_reused"
_seat_maps = sys.modules[SeatMaps.__module__]

FAULTS_IN_MAPS: tuple[SeededFault, ...] = (
    fault(
        "a map does not notice that its version was lost",
        _SEEN_BY_READERS,
        (SeatMaps, "_caught_up", "lost = fresh.known != known or any(", "lost = False and any("),
    ),
    fault(
        "an entry is skipped by its number, though a failover gave that to another",
        _SEEN_BY_READERS,
        (SeatMaps, "_caught_up", " or any(_contradicts(change, seat_map) for change in fresh.changes)", ""),
    ),
    fault(
        "an own batch is taken in by its version alone",
        f"{_SEEN_BY_READERS} internal_error",
        (SeatMaps, "committed", "seat_map.mark != changes.loaded_mark", "seat_map.version != changes.loaded_version"),
    ),
    fault(
        "an own batch is taken in across a gap",
        _SEEN_BY_READERS,
        (SeatMaps, "committed", "seat_map.mark != changes.loaded_mark", "seat_map.version > changes.loaded_version"),
        (SeatMap, "follows", "change.version != self.mark.version + 1", "change.version <= self.mark.version"),
    ),
    fault(
        "a map in memory is given without asking",
        _SEEN_BY_READERS,
        (
            SeatMaps,
            "standing",
            "\n    found = await self._probes.ask(None, event_id)\n",
            "\n    found = self._maps.get(event_id) or await self._probes.ask(None, event_id)\n",
        ),
    ),
    fault(
        "who asks joins the question that is under way",
        "stale_read",
        (
            Coalescer,
            "_drain",
            "await self._ask_together(key, together)",
            "await self._ask_together(key, together, waiting)",
        ),
        (Coalescer, "_ask_together", "together: Sequence[_Asked[Question, Answer]]", "together, waiting"),
        (
            Coalescer,
            "_ask_together",
            "answered = list(zip(together, answers, strict=True))",
            (
                "answered = list(zip(together, answers, strict=True))\n"
                "        known = {one[0]: answer for one, answer in answered}\n"
                "        late = [one for one in waiting if one[0] in known]\n"
                "        answered += [(one, known[one[0]]) for one in late]\n"
                "        for one in late: waiting.remove(one)"
            ),
        ),
    ),
    fault(
        "who asks takes the map of a load that began before",
        _SEEN_BY_READERS,
        (SeatMaps, "current", "began_later = not load.started and load.grows is None", "began_later = True"),
    ),
    fault(
        "who asks takes the map that a growing load brings, wherever it has come to",
        f"{_SEEN_BY_READERS} internal_error",
        (SeatMaps, "current", "not load.started and load.grows is None", "not load.started"),
    ),
    fault(
        "a map is shown while seats are in that its version does not have",
        _SEEN_BY_READERS,
        (SeatMaps, "_caught_up", " or seat_map.grown_until is not None", ""),
    ),
    fault(
        "added seats are appended to a map that has others by now",
        f"{_SEEN_BY_READERS} internal_error",
        (MapLoads, "_grow", "and seat_map.seats == after_seats", ""),
        (MapLoads, "join", "load = self._loads.get((event_id, lists))", "load = None"),
    ),
    fault(
        "the end of a log that was not read is taken for the last entry that was",
        _SEEN_BY_READERS,
        (SeatMaps, "_look_together", "if fresh is not None and _is_far(fresh)", "if False"),
        (SeatMaps, "_look_together", "entries_max=ENTRIES_MAX", "entries_max=1"),
        (
            _seat_maps,
            "_standing_of",
            "head = fresh.head",
            "head = fresh.changes[-1].mark if fresh.changes else fresh.known",
        ),
    ),
    fault(
        "a deleted event is shown as long as its map is in memory",
        _SEEN_BY_READERS,
        (SeatMaps, "_caught_up", "fresh.deleted or fresh.archived or lost", "fresh.archived or lost"),
        (
            SeatMaps,
            "_caught_up",
            "if not seat_map.apply(change)",
            "if change.kind != 'event_deleted' and not seat_map.apply(change)",
        ),
        (SeatMaps, "_caught_up", "seat_map.version < fresh.version or", ""),
    ),
    fault(
        "an archived event is shown as long as its map is in memory",
        "wrong_state",
        (
            SeatMaps,
            "_caught_up",
            "if fresh.deleted or fresh.archived or lost",
            "if fresh.archived:\n        return True\n    if fresh.deleted or lost",
        ),
    ),
    fault(
        "an archived event is taken for one without entries",
        "wrong_state internal_error",
        (_seat_maps, "_standing_of", "archived=True", "archived=False"),
    ),
    fault(
        "an event that was archived while its map was loaded looks like none",
        "wrong_state",
        (SeatMaps, "current", "loaded is not None and not loaded.overdue", "(loaded is None or not loaded.overdue)"),
    ),
    fault(
        "an event that was archived while its chart was read looks like none",
        "wrong_state",
        (availability, "seat_map", "await refuse_as_gone(views, event_id)", "raise EventNotFound(event_id)"),
    ),
    fault(
        "overdue holds are shown until somebody else ends them",
        "stale_read",
        (SeatMaps, "standing", "found.overdue and", "False and"),
    ),
    fault(
        "a page of a list is not written again when a seat on it changes",
        _SEEN_BY_READERS,
        (SeatList, "changed", "self._page_of[position].written = None", "pass"),
    ),
    fault(
        "the free seats of a map are not counted on",
        _SEEN_BY_READERS,
        (SeatMap, "apply", "self.available += (code == 0) - (self._codes[position] == 0)", "pass"),
    ),
    fault(
        "entity tags by version alone",
        _SEEN_BY_READERS,
        (representation, "state_tag", "state.mark.name", "state.mark.version"),
    ),
    fault(
        "one entity tag for all seats and for the free ones",
        _SEEN_BY_READERS,
        (seats, "find_all", 'name = "available" if available_only else "seats"', 'name = "seats"'),
    ),
    fault(
        "an answer made of one state is given for the next",
        _SEEN_BY_READERS,
        (KeptAnswers, "get", "kept is not None and kept[0] == mark", "kept is not None"),
    ),
    fault(
        "a chart is taken for true by its number of seats",
        _SEEN_BY_READERS,
        (KeptByEvent, "_still_true", "return kept.mark == standing.mark or", "return True or"),
    ),
    fault(
        "a map follows another hall as if only details of the event had changed",
        _SEEN_BY_READERS,
        (LoggedChange, "codes", "in _WITHOUT_EFFECT", "in {*_WITHOUT_EFFECT, ChangeKind.HALL_CHANGED}"),
    ),
    fault(
        "a map follows new prices as if only details of the event had changed",
        _SEEN_BY_READERS,
        (LoggedChange, "codes", "in _WITHOUT_EFFECT", "in {*_WITHOUT_EFFECT, ChangeKind.CATEGORIES_CHANGED}"),
    ),
    fault(
        "a chart is kept whatever it costs by now",
        _SEEN_BY_READERS,
        (KeptChart, "fits", "self.edits == standing.edits", "self.edits.chart == standing.edits.chart"),
    ),
    fault(
        "a chart that the client has is confirmed whatever it costs by now",
        _SEEN_BY_READERS,
        (standing, "chart_tag_of_client", " or not fits(parts):", ":"),
    ),
    fault(
        "the version of a chart is its number of seats",
        _SEEN_BY_READERS,
        (Edits, "chart_version", "return seats + self.chart", "return seats"),
    ),
    fault(
        "a large list goes on while the prices change",
        _SEEN_BY_READERS,
        (LargeList, "_expect_unchanged", "known[1] != self._edits", "False"),
    ),
    fault(
        "a chart that the client has is confirmed by its number of seats",
        _SEEN_BY_READERS,
        (standing, "chart_tag_of_client", 'parts["state"] == mark.name.encode()', "True"),
    ),
    fault(
        "a large list is written of statuses as they come to be",
        _SEEN_BY_READERS,
        (LargeList, "__init__", "seat_map.state()", "(seat_map._codes, seat_map._holders)"),
    ),
    fault(
        "a large list goes on over a failover that lost its seats",
        _SEEN_BY_READERS,
        (LargeList, "_expect_unchanged", "known[0] != self._mark", "False"),
    ),
    fault(
        "a page of events is kept while an event on it is edited",
        "stale_read",
        (
            EventPages,
            "_read",
            "kept[0] == await stamps(limit=limit, offset=offset, drafts_of=drafts_of):",
            "dict(kept[0]).keys() == dict(await stamps(limit=limit, offset=offset, drafts_of=drafts_of)).keys():",
        ),
    ),
    fault(
        "a load that fails is not forgotten",
        "left_behind internal_error",
        (MapLoads, "_fail", "self._loads.pop((load.event_id, load.lists), None)", "pass"),
    ),
    fault(
        "who waited for a load that failed waits for ever",
        "left_behind internal_error",
        (MapLoads, "_fail", "load.future.set_exception(failure)", "return"),
    ),
    fault(
        "one who leaves takes the load from those who wait for it too",
        "internal_error left_behind",
        (SeatMaps, "current", "await asyncio.shield(load.future)", "await load.future"),
    ),
    fault(
        "maps that leave are still counted",
        "left_behind internal_error",
        (LeastRecentlyUsed, "drop", "self._count(key, 0)", "pass"),
    ),
    fault(
        "maps never leave",
        "left_behind internal_error",
        (LeastRecentlyUsed, "_too_much", "self.size_bytes > self._bytes_max", "False"),
    ),
    fault(
        "a seat that goes back to its channel is free for all",
        _SEEN_BY_READERS,
        (LoggedChange, "codes", "if self.kept_back_seat_ids:", "if False:"),
    ),
    fault(
        "an opening of very many seats is followed as if it named none",
        f"{_SEEN_BY_READERS} stream_gap",
        (
            LoggedChange,
            "codes",
            "if self.freed_seat_ids is None or self.kept_back_seat_ids is None:\n        return None",
            "",
        ),
    ),
)
