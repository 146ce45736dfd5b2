"""The quick pass over a history: accepts every answer that obviously keeps all rules, and leaves the few others.

It processes all answers about an event at once, a column at a time. The answers that it leaves are judged by the rules
themselves (`decision_rules`, `read_rules`, `time_order`), so it never reports a violation. It may leave too many, but
must never accept a wrong answer. `tests/chaos/test_sieve.py` compares its verdicts with those of the rules alone.
"""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from chaos.checkers.report import Assumptions
from chaos.histories.compact_history import Column, CompactHistory
from chaos.histories.numbered_log import NumberedLog, SeatEntries
from chaos.histories.operation import FOREVER, NO_VERSION
from chaos.histories.seat_log import SeatLog

Mask: TypeAlias = npt.NDArray[np.bool_]
"""Indexes of answers, or of rows of another column."""

_ENDED_AS = {"hold_expired": "expired", "already_cancelled": "cancelled", "already_confirmed": "confirmed"}
"""The status of the reservation that a refusal with this code implies."""
_DONE_AS = {"confirm": ("confirmed",), "cancel": ("cancelled", "expired")}
"""The status of a reservation at the version at which it was confirmed or cancelled."""
_JUDGED_BY_RULES = (
    "area_by_count",
    "companion_alone",
    "event_archived",
    "idempotency_key_reused",
    "not_enough_seats",
    "purchase_limit_reached",
    "sale_not_open",
    "booking_closed",
    "seller_confirms",
)
"""Refusals that are rare, or whose reasons the quick pass does not know."""


class EventSieve:
    """The answers about one event.

    `first_seen[v]` is the time (ns) at which an answer first had version v or a later one. `left` are the indexes, in
    the history, of the answers that still have to be judged.
    """

    def __init__(self, history: CompactHistory, places: Column, log: SeatLog, assumptions: Assumptions) -> None:
        self._told = history.vocabulary
        self._log = log
        self._columns = history.columns
        if len(places) < len(history):
            self._columns = {name: column[places] for name, column in history.columns.items()}
        self._numbered = NumberedLog(self._told, log, assumptions)
        self._reservations = self._numbered.reservations(self._columns["reservation"])
        self._versions = self._columns["version"]
        self._leave: Mask = self._is("outcome", "info")
        if log.kept_back is not None or log.has_special_seats:
            # The quick pass does not know of seats that are kept back, nor of areas and companion seats.
            self._leave |= np.True_
        if (self._is("kind", "archive") | self._is("kind", "restore")).any():
            # Nor does it know when the event was archived.
            self._leave |= np.True_
        self._settled = self._is("outcome", "ok") & self._is("answer", "settled")
        self._ok = self._is("outcome", "ok") & ~self._settled
        self._made_told: Mask = np.zeros(len(log.lives.made) + 1, np.bool_)
        self._end_told: Mask = np.zeros(len(log.lives.made) + 1, np.bool_)
        self.first_seen = self._first_seen()
        self._judge_time_order()
        self._judge_reserved()
        self._judge_resolved()
        self._judge_reads()
        self._judge_refusals()
        if log.replayed.freed:
            # The columns have one state for each version, and these versions gave two.
            self._leave |= (self._ok & self._is("kind", "read_seat")) | self._is("answer", "seats_unavailable")
        self._leave_all_created()
        self.left: list[int] = places[self._leave].tolist()

    def untold(self) -> tuple[list[int], list[int]]:
        """Return the reservations (numbers in the log) whose start, and those whose end, is in no accepted answer."""
        return np.flatnonzero(~self._made_told[:-1]).tolist(), np.flatnonzero(~self._end_told[:-1]).tolist()

    def _is(self, name: str, word: str) -> Mask:
        """Find the answers in which a field has a certain value."""
        found: Mask = self._columns[name] == self._told.texts[word]
        return found

    def _known(self) -> Mask:
        """Find the answers whose version is in the log."""
        return (self._versions >= 0) & (self._versions <= self._numbered.last_version) & ~self._settled

    def _first_seen(self) -> Column:
        """Find when each version, and the one after the last, was first seen."""
        returns, versions = self._columns["returned_ns"], np.where(self._known(), self._versions, NO_VERSION)
        if (returns[1:] < returns[:-1]).any():
            order = np.argsort(returns, kind="stable")
            returns, versions = returns[order], versions[order]
        newest = np.maximum.accumulate(versions)
        first = np.searchsorted(newest, np.arange(self._numbered.last_version + 2))
        return np.append(returns, FOREVER)[first]

    def _judge_time_order(self) -> None:
        """Leave answers whose version is not in the log, or was outdated when they were called."""
        known, none = self._known(), self._is("outcome", "fail") & self._is("answer", "none")
        self._leave |= ~known & ~self._settled & ~(none & (self._versions < 0))
        next_seen = self.first_seen[np.where(known, self._versions, NO_VERSION) + 1]
        self._leave |= known & (next_seen < self._columns["called_ns"])

    def _judge_reserved(self) -> None:
        log, calls = self._numbered, self._columns["called_ns"]
        self._leave |= self._ok & self._is("kind", "choose")
        reserved = self._ok & self._is("kind", "reserve")
        created, replayed = reserved & self._is("answer", "created"), reserved & self._is("answer", "replayed")
        self._leave |= reserved & ~created & ~replayed

        rows, numbers, versions = self._chosen(created)
        right = (log.made[numbers] == versions) & (np.bincount(numbers + 1)[numbers + 1] == 1)
        right &= self.first_seen[np.clip(versions, 0, log.last_version)] >= calls[rows]
        right &= self._wished(rows, numbers)
        self._made_told[numbers[right]] = True
        self._leave[rows[~right]] = True

        rows, numbers, versions = self._chosen(replayed)
        self._leave[rows[~(self._stood(rows, numbers, versions) & self._wished(rows, numbers))]] = True

    def _judge_resolved(self) -> None:
        for kind in ("sell", "release", "extend", "change_seats"):
            self._leave |= self._is("outcome", "ok") & self._is("kind", kind)
        for kind, statuses in _DONE_AS.items():
            rows, numbers, versions = self._chosen(self._ok & self._is("kind", kind))
            right = self._ended_as(numbers, versions, *statuses)
            self._end_told[numbers[right]] = True
            self._leave[rows[~right]] = True
            rows, numbers, _ = self._chosen(self._settled & self._is("kind", kind))
            self._end_told[numbers[self._ended_as(numbers, FOREVER, statuses[0])]] = True

    def _judge_reads(self) -> None:
        rows, numbers, versions = self._chosen(self._ok & self._is("kind", "read_reservation"))
        self._leave[rows[~self._stood(rows, numbers, versions)]] = True

        rows, _, versions = self._chosen(self._ok & self._is("kind", "read_seat"))
        seen = self._columns["status"][rows]
        asked = SeatEntries(self._told, self._columns["seats"][rows])
        state = self._numbered.states(self._numbered.moved_last(asked.texts, versions[asked.rows]))
        self._leave[rows[asked.rows[state != seen[asked.rows]]]] = True
        self._leave[rows[asked.sizes == 0]] = True

        for kind in ("read_list", "read_free_list", "read_count"):
            self._leave |= self._ok & self._is("kind", kind)

    def _judge_refusals(self) -> None:
        refused = self._is("outcome", "fail")
        for code, status in _ENDED_AS.items():
            rows, numbers, versions = self._chosen(refused & self._is("answer", code))
            self._leave[rows[~self._ended_as(numbers, versions, status)]] = True
        for code in _JUDGED_BY_RULES:
            self._leave |= refused & self._is("answer", code)
        texts = self._told.all_texts()
        for row in np.flatnonzero(refused & self._is("answer", "reservation_not_found")).tolist():
            stored = self._log.rows.get(texts[self._columns["reservation"][row]])
            if stored is not None and stored.user == texts[self._columns["user"][row]]:
                self._leave[row] = True
        self._judge_refusals_of_seats(refused & self._is("answer", "seats_unavailable"))

    def _judge_refusals_of_seats(self, refused: Mask) -> None:
        """Leave a refusal if a seat that it names was not wanted, was free, or was under an expired hold."""
        rows, _, versions = self._chosen(refused)
        named_seats, wanted_seats = self._columns["named"][rows], self._columns["seats"][rows]
        named = SeatEntries(self._told, named_seats)
        until = self._numbered.refuses_until[self._numbered.moved_last(named.texts, versions[named.rows])]
        wrong = until <= self._columns["called_ns"][rows][named.rows]
        self._leave[rows[named.rows[wrong]]] = True
        self._leave[rows[named.sizes == 0]] = True

        (others,) = np.nonzero(named_seats != wanted_seats)
        named = SeatEntries(self._told, named_seats[others])
        wanted = SeatEntries(self._told, wanted_seats[others])
        width = len(self._told.texts)
        found = np.isin(named.rows * width + named.texts, wanted.rows * width + wanted.texts)
        self._leave[rows[others[named.rows[~found]]]] = True

    def _chosen(self, chosen: Mask) -> tuple[Column, Column, Column]:
        """Return the rows of some answers, the numbers of their reservations, and their versions."""
        rows = np.flatnonzero(chosen)
        return rows, self._reservations[rows], self._versions[rows]

    def _ended_as(self, numbers: Column, versions: Column | int, *statuses: str) -> Mask:
        """Return which reservations had ended at a version, and as one of these."""
        as_told = np.isin(self._numbered.statuses[numbers], [self._told.texts[status] for status in statuses])
        return as_told & (self._numbered.ended[numbers] <= versions)

    def _stood(self, rows: Column, numbers: Column, versions: Column) -> Mask:
        """Return which answers have the status that the reservation had at their version."""
        log, pending = self._numbered, self._told.texts["pending"]
        statuses = np.where(log.ended[numbers] <= versions, log.statuses[numbers], pending)
        right: Mask = (log.made[numbers] <= versions) & (statuses == self._columns["status"][rows])
        return right

    def _wished(self, rows: Column, numbers: Column) -> Mask:
        """Return which calls had the user, the key and the seats that a reservation's row has."""
        texts, all_seats = self._told.all_texts(), self._told.all_seats()
        asked = zip(
            map([*self._log.lives.rows, None].__getitem__, numbers.tolist()),
            map(texts.__getitem__, self._columns["user"][rows].tolist()),
            map(texts.__getitem__, self._columns["key"][rows].tolist()),
            map(all_seats.__getitem__, self._columns["seats"][rows].tolist()),
            strict=True,
        )
        right = [
            row is not None
            and row.key == key
            and row.user == user
            and (row.seats == seats or set(row.seats) == set(seats))
            for row, user, key, seats in asked
        ]
        return np.array(right, np.bool_)

    def _leave_all_created(self) -> None:
        """Leave all new reservations if one of them, or a refusal, is left: the rules compare these with each other."""
        created = self._ok & self._is("answer", "created")
        if (self._leave & (created | self._is("answer", "seats_unavailable"))).any():
            self._leave |= created


def sift(history: CompactHistory, log_of: Callable[[str], SeatLog], assumptions: Assumptions) -> dict[str, EventSieve]:
    """Process a settled history, one event at a time."""
    events = history.columns["event"]
    if (events == events[:1]).all():
        several = [np.arange(len(events))]
    else:
        order = np.argsort(events, kind="stable")
        several = np.split(order, np.flatnonzero(np.diff(events[order])) + 1)
    sieves = {}
    for places in several:
        if len(places):
            event = history.vocabulary.all_texts()[events[places[0]]]
            sieves[event] = EventSieve(history, places, log_of(event), assumptions)
    return sieves
