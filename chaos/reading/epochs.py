"""The events of a simulated database, each with its complete log: what was committed when, and what was lost.

Each stretch of a log between two losses of its end is an *epoch*.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

FOREVER = float("inf")
FIRST_PRICE = 5

TAKEN = {"reserved": "reserved", "confirmed": "confirmed"}
"""The status that a seat has after an entry of these kinds; after any other it is free, if the entry names it."""
KEPT_BACK = "kept", UUID(int=0)
"""What a free seat is that a channel keeps back. It has no reservation."""


class Entry(NamedTuple):
    """One entry of an event's log, and the event's row after its commit."""

    version: int
    at: datetime
    kind: str
    reservation: UUID | None
    seats: tuple[UUID, ...]
    chart: tuple[UUID, ...]
    """The chart from here on."""
    price: int
    """What its category costs from here on."""
    edits: tuple[int, int]
    """How often the chart and the price have been edited."""
    name: str
    """The event's name from here on."""
    committed: float
    """When others could see it, on the simulation's clock."""
    expires_at: datetime | None = None
    """If it makes a reservation."""
    joined: tuple[UUID, ...] = ()
    """The seats that joined a channel, or left it."""
    freed: tuple[UUID, ...] = ()
    """Seats that a channel no longer keeps back."""
    kept: tuple[UUID, ...] = ()
    """Free seats that a channel keeps back from here on."""
    named: bool = True
    """Whether the entry names the seats that it frees and keeps back; it does not if they are very many."""


@dataclass(slots=True)
class Epoch:
    """An event's log between two losses."""

    began: float
    ended: float = FOREVER
    log: list[Entry] = field(default_factory=list)

    def version_at(self, time: float) -> int:
        """Return how far the log had come."""
        return sum(entry.committed <= time for entry in self.log)

    def deleted_at(self, version: int) -> bool:
        """Return whether the event is deleted at a version."""
        return any(entry.kind == "event_deleted" for entry in self.log[:version])

    def chart(self, version: int) -> tuple[UUID, ...]:
        """Return the chart at a version."""
        return self.log[version - 1].chart if version else ()

    def price(self, version: int) -> int:
        """Return what the category costs at a version."""
        return self.log[version - 1].price if version else FIRST_PRICE

    def edits(self, version: int) -> tuple[int, int]:
        """Return how often the chart and the price had been edited at a version."""
        return self.log[version - 1].edits if version else (0, 0)

    def taken(self, version: int) -> dict[UUID, tuple[str, UUID]]:
        """Tell of every seat that is not free at a version its status and its reservation."""
        taken: dict[UUID, tuple[str, UUID]] = {}
        for entry in self.log[:version]:
            for seat in entry.seats:
                if entry.kind in TAKEN and entry.reservation is not None:
                    taken[seat] = TAKEN[entry.kind], entry.reservation
                else:
                    taken.pop(seat, None)
            for seat in entry.freed:
                taken.pop(seat, None)
            taken |= dict.fromkeys(entry.kept, KEPT_BACK)
            if entry.kind == "hall_changed":
                taken = {seat: what for seat, what in taken.items() if seat in entry.chart}
        return taken

    def in_channel(self) -> set[UUID]:
        """Return the seats of the channel, free or not."""
        seats: set[UUID] = set()
        for entry in self.log:
            if entry.kind == "seats_kept_back":
                seats |= set(entry.joined)
            elif entry.kind in ("seats_given_back", "channel_opened"):
                seats -= set(entry.joined)
            seats &= set(entry.chart)
        return seats


@dataclass(slots=True)
class Spell:
    """A time during which an event's log was in an archive."""

    began: float
    ended: float = FOREVER


@dataclass(slots=True)
class SimulatedEvent:
    """An event with its chart. Seats that a failover lost are cut off the chart; others come in their place."""

    id: UUID
    created_at: datetime
    created: float
    first_name: str
    chart: list[UUID] = field(default_factory=list)
    numbers: dict[UUID, str] = field(default_factory=dict)
    epochs: list[Epoch] = field(default_factory=list)
    spells: list[Spell] = field(default_factory=list)
    """When it was archived."""

    @property
    def archived(self) -> bool:
        """Whether its log is in an archive now."""
        return bool(self.spells) and self.spells[-1].ended == FOREVER

    def was_archived(self, since: float, until: float) -> bool:
        """Return whether it was archived at some moment of a time."""
        return any(spell.began <= until and since <= spell.ended for spell in self.spells)

    def was_only_archived(self, since: float, until: float) -> bool:
        """Return whether it was archived throughout a time."""
        return any(spell.began <= since and until < spell.ended for spell in self.spells)

    @property
    def log(self) -> list[Entry]:
        """The log as it is now."""
        return self.epochs[-1].log

    @property
    def version(self) -> int:
        """The event's version."""
        return len(self.log)

    @property
    def deleted(self) -> bool:
        """Whether the event is deleted."""
        return bool(self.log) and self.log[-1].kind == "event_deleted"

    @property
    def name(self) -> str:
        """The event's name."""
        return self.log[-1].name if self.log else self.first_name

    @property
    def updated_at(self) -> datetime:
        """When it was last edited."""
        edits = [entry.at for entry in self.log if entry.kind == "event_edited"]
        return edits[-1] if edits else self.created_at

    @property
    def price(self) -> int:
        """What its category costs."""
        return self.epochs[-1].price(self.version)

    @property
    def edits(self) -> tuple[int, int]:
        """How often the chart and the price have been edited."""
        return self.epochs[-1].edits(self.version)

    def holds(self) -> dict[UUID, Entry]:
        """Return the pending reservations, by the entry that made them."""
        pending: dict[UUID, Entry] = {}
        for entry in self.log:
            if entry.reservation is not None:
                pending.pop(entry.reservation, None)
                if entry.kind == "reserved":
                    pending[entry.reservation] = entry
        return pending
