"""The rules for answers to readers, checked against a simulated database's complete history. No code of Holdfast."""

import json
from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias
from uuid import UUID

from chaos.reading.database import SimulatedDatabase
from chaos.reading.epochs import KEPT_BACK, Epoch, SimulatedEvent
from chaos.reading.told import Following, Frame, Record, Told

ReadRule: TypeAlias = Literal[
    "internal_error", "left_behind", "stale_read", "stream_gap", "stream_silent", "tag_reused", "wrong_state"
]
"""The rules are described in docs/reading.md, "The rules"."""

_CODES = {"reserved": 1, "confirmed": 2, "kept": 3}
OVERDUE_SECONDS_MAX = 2.0
"""If nothing fails, a hold that expired longer ago than this is not shown any more."""


@dataclass(frozen=True, slots=True)
class Breach:
    """A broken rule."""

    rule: ReadRule
    text: str


def judge(database: SimulatedDatabase, record: Record) -> list[Breach]:
    """Judge all answers and frames of a run."""
    breaches = [Breach("left_behind" if "left" in text else "internal_error", text) for text in record.faults]
    bodies: dict[bytes, bytes] = {}
    for told in record.told:
        breaches += _judge_answer(database, told)
        if record.ended and told.asked >= record.ended:
            breaches += _judge_late_holds(database, told)
        if told.status in (200, 304) and told.tag and bodies.setdefault(told.tag, told.body) != told.body:
            breaches.append(Breach("tag_reused", f"{told.tag.decode()} named two bodies"))
    for following in record.followed:
        breaches += _Follower(database.known[following.event], following).judge(record.ended)
    return breaches


def _judge_answer(database: SimulatedDatabase, told: Told) -> Iterator[Breach]:
    if told.status == 500:
        yield Breach("internal_error", f"{told.what}: {told.reason}")
    elif told.what == "page":
        if told.status == 200 and not _page_was_true(database, told):
            yield Breach("stale_read", f"a page of events that never was so since it was asked for: {told.body!r}")
    elif told.event is not None and told.status == 410:
        event = database.known.get(told.event)
        if event is None or not event.was_archived(told.asked, told.came):
            yield Breach(
                "wrong_state", f"{told.what}: it was not archived between {told.asked:.4f} and {told.came:.4f}"
            )
    elif told.event is not None and told.status in (200, 304, 404):
        event = database.known.get(told.event)
        if event is not None and told.status != 404 and event.was_only_archived(told.asked, told.came):
            yield Breach("wrong_state", f"{told.what} at version {told.version}: it was archived all the time")
        answers = list(_reasons(event, told))
        if None not in answers:
            reasons = [reason for reason in answers if reason is not None] or [Breach("wrong_state", "no such event")]
            best = min(reasons, key=lambda one: one.rule != "wrong_state")
            where = f"{told.what} {told.status} at version {told.version}, asked {told.asked:.4f}, came {told.came:.4f}"
            yield Breach(best.rule, f"{where}: {best.text}")


def _reasons(event: SimulatedEvent | None, told: Told) -> Iterator[Breach | None]:
    """Return, for each history that the event had during the request, why the answer does not fit it."""
    if event is None:
        yield None if told.status == 404 else Breach("wrong_state", "there is no such event")
        return
    if told.status == 404 and (told.asked < event.created or event.epochs[-1].ended <= told.came):
        yield None
    fitting = [epoch for epoch in event.epochs if epoch.began <= told.came and told.asked <= epoch.ended]
    for epoch in fitting:
        yield _reason(event, epoch, told)
    if told.what == "chart" and told.status in (200, 304) and len(fitting) > 1:
        # The version may be from before a failover that happened meanwhile, and the chart from after it.
        for epoch in fitting:
            yield _reason(event, epoch, replace(told, version=epoch.version_at(min(told.came, epoch.ended))))


def _reason(event: SimulatedEvent, epoch: Epoch, told: Told) -> Breach | None:
    least = epoch.version_at(max(told.asked, epoch.began))
    most = epoch.version_at(min(told.came, epoch.ended))
    if told.status == 404:
        return None if epoch.deleted_at(most) else Breach("wrong_state", "it is not deleted")
    if not least <= told.version <= most:
        return Breach("stale_read", f"it had been at versions {least} to {most}")
    if epoch.deleted_at(told.version):
        return Breach("wrong_state", "it was deleted")
    expected, shown = _PICTURES[told.what](event, epoch, told)
    if expected != shown:
        return Breach("wrong_state", f"it shows {shown}, and was {expected}")
    return None


def _judge_late_holds(database: SimulatedDatabase, told: Told) -> Iterator[Breach]:
    """After everything has come to rest, answers do not show holds that expired some time ago."""
    event = None if told.event is None else database.events.get(told.event)
    if event is None or told.status not in (200, 304):
        return
    for made in event.holds().values():
        if made.version <= told.version and database.seconds_overdue(made, told.asked) > OVERDUE_SECONDS_MAX:
            yield Breach("stale_read", f"{told.what} at {told.version} shows a hold that ran out long before")


def _page_was_true(database: SimulatedDatabase, told: Told) -> bool:
    """Return whether a page shows the newest three events, by name, of some moment since it was requested."""
    shown = [(UUID(event["id"]), event["name"]) for event in json.loads(told.body)]
    moments = {told.asked, *(time for time in database.losses if told.asked <= time <= told.came)}
    for event in database.known.values():
        moments |= {time for time in (event.created, *_commits(event)) if told.asked <= time <= told.came}
    return any(shown == _page_at(database, moment) for moment in moments)


def _commits(event: SimulatedEvent) -> Iterator[float]:
    for epoch in event.epochs:
        yield from (entry.committed for entry in epoch.log)


def _page_at(database: SimulatedDatabase, moment: float) -> list[tuple[UUID, str]]:
    listed = []
    for event in database.known.values():
        epoch = next((one for one in reversed(event.epochs) if one.began <= moment < one.ended), None)
        if epoch is None:
            continue
        version = epoch.version_at(moment)
        if not epoch.deleted_at(version):
            name = epoch.log[version - 1].name if version else event.first_name
            listed.append((event.created_at, event.id, name))
    return [(event_id, name) for _, event_id, name in sorted(listed, reverse=True)[:3]]


def _states(epoch: Epoch, version: int) -> dict[str, str]:
    """Return the state of each seat at a version, by its id."""
    taken = epoch.taken(version)
    return {str(seat): " ".join(map(str, taken[seat])) if seat in taken else "free" for seat in epoch.chart(version)}


def _list(event: SimulatedEvent, epoch: Epoch, told: Told) -> tuple[Any, Any]:
    states, price = _states(epoch, told.version), epoch.price(told.version)
    expected = sorted((event.numbers[UUID(seat)], seat, state, price) for seat, state in states.items())
    if told.what == "free":
        expected = [one for one in expected if one[2] == "free"]
    shown = [(seat["seat_number"], seat["id"], _shown_state(seat), seat["price"]) for seat in json.loads(told.body)]
    return expected, shown


def _shown_state(seat: dict[str, Any]) -> str:
    if "blocked" in seat:
        return " ".join(map(str, KEPT_BACK)) if seat["status"] == "reserved" else "blocked, and not reserved"
    return f"{seat['status']} {seat['reserved_by']}" if "reserved_by" in seat else "free"


def _count(_: SimulatedEvent, epoch: Epoch, told: Told) -> tuple[Any, Any]:
    return list(_states(epoch, told.version).values()).count("free"), json.loads(told.body)["count"]


def _codes(epoch: Epoch, version: int) -> list[int]:
    return [_CODES.get(state.split()[0], 0) for state in _states(epoch, version).values()]


def _bits(_: SimulatedEvent, epoch: Epoch, told: Told) -> tuple[Any, Any]:
    expected = _codes(epoch, told.version)
    return expected, _unpacked(told.body, len(expected))


def _availability(_: SimulatedEvent, epoch: Epoch, told: Told) -> tuple[Any, Any]:
    expected = _codes(epoch, told.version)
    shown = json.loads(told.body)
    chart_version = len(expected) + epoch.edits(told.version)[0]
    counts = (told.version, chart_version, len(expected), expected.count(0))
    shown_counts = tuple(shown[name] for name in ("version", "chart_version", "seats", "available"))
    return (counts, expected), (shown_counts, _unpacked(b64decode(shown["statuses"]), shown["seats"]))


def _unpacked(packed: bytes, seats: int) -> list[int]:
    places = range(min(seats, 4 * len(packed)))
    return [packed[place // 4] >> 2 * (place % 4) & 3 for place in places]


def _chart(event: SimulatedEvent, epoch: Epoch, told: Told) -> tuple[Any, Any]:
    """A chart must be that of its version, or of one since which nothing about it has changed, which is the same."""
    seats = epoch.chart(told.version)
    shown = json.loads(told.body)
    version, prices = len(seats) + epoch.edits(told.version)[0], [epoch.price(told.version)] * len(seats)
    expected = [str(seat) for seat in seats], [event.numbers[seat] for seat in seats], prices, version
    return expected, (shown["ids"], shown["seat_numbers"], shown["prices"], shown["chart_version"])


_PICTURES: dict[str, Callable[[SimulatedEvent, Epoch, Told], tuple[Any, Any]]] = {
    "list": _list,
    "free": _list,
    "count": _count,
    "bits": _bits,
    "availability": _availability,
    "chart": _chart,
}
"""For each kind of answer: what it must show at its version, and what it shows."""


class _Follower:
    """A page that trusts its stream: after each frame, its state must be the event's at that version."""

    def __init__(self, event: SimulatedEvent, following: Following) -> None:
        self._event = event
        self._following = following
        self._lines: list[Epoch] = []
        """Histories that fit everything this page has been sent so far."""
        self._version = -1
        self._reloaded_at = -1.0

    def judge(self, ended: float) -> Iterator[Breach]:
        for frame in self._following.frames:
            if frame.kind == "hello":
                yield from self._hello(frame)
            elif frame.kind == "changes":
                yield from self._changes(frame)
            elif frame.kind == "reload":
                # The page reloads the seats now, and later frames continue from that state.
                self._lines, self._version, self._reloaded_at = [], -1, frame.came
            elif frame.kind == "archived" and not self._event.was_archived(self._following.asked, frame.came):
                yield Breach("wrong_state", "a stream was told that the event is archived, which it never was")
        if self._following.listening and not self._following.over and not self._is_current(ended):
            text = f"it heard of version {self._version}, and the event is at {self._event.version}"
            yield Breach("stream_silent", text)

    def _hello(self, frame: Frame) -> Iterator[Breach]:
        fitting = [one for one in self._epochs_until(frame.came) if frame.version <= one.version_at(frame.came)]
        if self._version >= 0 and not (frame.version == self._version and self._lines):
            yield Breach("stream_gap", f"a hello at {frame.version} to a page that knew {self._version}")
        if self._version < 0:
            self._lines = fitting
        if not fitting:
            yield Breach("wrong_state", f"a hello at version {frame.version}, which never was")
        self._version = frame.version

    def _changes(self, frame: Frame) -> Iterator[Breach]:
        if frame.version <= self._version:
            yield Breach("stream_gap", f"version {frame.version} was told after {self._version}")
            return
        lines = [
            one
            for one in self._epochs_until(frame.came)
            if frame.version <= one.version_at(min(frame.came, one.ended))
            and (self._version < 0 or self._continues(one))
        ]
        fitting = [one for one in lines if self._is_true(one, frame)]
        if not fitting:
            what = f"{frame.changes} from version {self._version} to {frame.version}"
            yield Breach("stream_gap" if lines else "wrong_state", f"it was told of {what}, which is not what happened")
        self._lines, self._version = fitting or lines, frame.version

    def _epochs_until(self, time: float) -> list[Epoch]:
        """Find the histories that a frame may have been read from.

        They may be lost ones: a stream that joins others gets their state, and is told to reload with the next tick.
        """
        return [one for one in self._event.epochs if one.began <= time]

    def _continues(self, epoch: Epoch) -> bool:
        """Return whether a history is among those so far, or equals one of them up to what has been sent."""
        told = self._version
        return any(epoch.log[:told] == known.log[:told] and len(epoch.log) >= told for known in self._lines)

    def _is_true(self, epoch: Epoch, frame: Frame) -> bool:
        codes = _codes(epoch, frame.version)
        chart = {seat: place for place, seat in enumerate(epoch.chart(frame.version))}
        new = epoch.log[self._version : frame.version] if self._version >= 0 else []
        touched = {chart.get(seat) for entry in new for seat in (*entry.seats, *entry.freed, *entry.kept)}
        told = dict(frame.changes)
        sizes = {len(epoch.chart(version)) for version in range(frame.version, len(epoch.log) + 1)}
        return (
            # After another hall, places have other seats, and prices are not in a stream.
            not any(entry.kind in ("hall_changed", "categories_changed") for entry in new)
            and touched <= told.keys()
            and all(place < len(codes) and codes[place] == code for place, code in told.items())
            and frame.seats in sizes
        )

    def _is_current(self, ended: float) -> bool:
        epoch = self._event.epochs[-1]
        if epoch.ended <= ended or self._event.archived:
            return False
        if self._version < 0 <= self._reloaded_at:
            return epoch.version_at(self._reloaded_at) == len(epoch.log)
        return self._version == len(epoch.log) and (self._continues(epoch) or not self._lines)
