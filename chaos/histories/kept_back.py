"""The seats that channels keep back, by an event's log, and the buyers who may have them all the same.

Which buyers name the code of a channel is in their names, so that it can be told from a reservation's row: `ann~fans`
names the code of the channel `fans` in every request.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from chaos.histories.database_rows import Change
from chaos.histories.operation import KEPT_BACK, held, sold

CHANNEL_KINDS = frozenset(
    {"channel_changed", "channel_deleted", "channel_opened", "seats_kept_back", "seats_given_back"}
)


def channel_of_user(user: str) -> str:
    """Return the channel whose code a buyer names; empty if they name none."""
    return user.partition("~")[2]


def code_of(channel: str) -> str:
    """Return the access code of a channel."""
    return f"code-of-{channel}"


@dataclass(slots=True)
class KeptBackLog:
    """What the log of an event with channels says, entry by entry."""

    steps: list[tuple[int, str, str]] = field(default_factory=list)
    """Every change of a seat's state as (version, seat, state), with the state of seats that are kept back."""
    taken_counts: list[int] = field(default_factory=list)
    """The number of seats that are not free for all, by version."""
    reached: list[tuple[int, str, str, str]] = field(default_factory=list)
    """Seats that were held while a channel kept them back: (version, reservation, seat, channel)."""
    opened: dict[str, int] = field(default_factory=dict)
    """The seats that were ever in a channel open to all, each with the version from which on."""
    strays: list[tuple[int, str]] = field(default_factory=list)
    """Seats that an entry keeps back though they are in no channel, or that it frees though their channel is closed:
    (version, seat)."""


def kept_back_log(changes: Sequence[Change]) -> KeptBackLog | None:
    """Follow an event's channels; None if its log never mentions one."""
    if not any(change.kind in CHANNEL_KINDS for change in changes):
        return None
    return _Following().of(changes)


class _Following:
    def __init__(self) -> None:
        self._log = KeptBackLog(taken_counts=[0])
        self._states: dict[str, str] = {}
        self._channel_of: dict[str, str] = {}
        self._open: set[str] = set()

    def of(self, changes: Iterable[Change]) -> KeptBackLog:
        for change in changes:
            if change.kind in CHANNEL_KINDS:
                self._follow_channel(change)
            else:
                self._follow_seats(change)
            self._log.taken_counts.append(len(self._states))
        return self._log

    def _follow_channel(self, change: Change) -> None:
        key = change.detail
        if change.kind == "seats_kept_back":
            self._channel_of |= dict.fromkeys(change.seats, key)
        elif change.kind in ("seats_given_back", "channel_deleted"):
            for seat in change.seats:
                self._channel_of.pop(seat, None)
        # Where no seat is free, an edit may open or close a channel without saying so; then it matters to none.
        if change.kind == "channel_opened" or (change.kind == "channel_changed" and change.freed_for_all):
            self._open.add(key)
        elif change.kept_back:
            self._open.discard(key)
        for seat, channel in self._channel_of.items():
            if channel in self._open:
                self._log.opened.setdefault(seat, change.version)
        self._put(change.version, change.freed_for_all, "")
        self._keep_back(change)

    def _follow_seats(self, change: Change) -> None:
        version = change.version
        if change.kind in ("reserved", "seats_changed"):
            for seat in change.seats:
                if self._states.get(seat) == KEPT_BACK:
                    self._log.reached.append((version, change.reservation, seat, self._channel_of.get(seat, "")))
            self._put(version, change.seats, held(change.reservation))
            self._put(version, change.freed, "")
        elif change.kind == "confirmed":
            self._put(version, change.seats, sold(change.reservation))
        elif change.kind in ("cancelled", "expired"):
            self._put(version, change.seats, "")
        else:
            return
        self._keep_back(change)
        freed = change.freed if change.kind == "seats_changed" else change.seats
        if change.kind in ("cancelled", "expired", "seats_changed"):
            kept = set(change.kept_back)
            self._log.strays += [(version, seat) for seat in freed if (seat not in kept) == self._is_closed(seat)]

    def _is_closed(self, seat: str) -> bool:
        key = self._channel_of.get(seat)
        return key is not None and key not in self._open

    def _keep_back(self, change: Change) -> None:
        self._put(change.version, change.kept_back, KEPT_BACK)

    def _put(self, version: int, seats: Iterable[str], state: str) -> None:
        for seat in seats:
            if state:
                self._states[seat] = state
            else:
                self._states.pop(seat, None)
            self._log.steps.append((version, seat, state))
