"""The cells that a process is connected to."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar
from uuid import UUID

import structlog

from holdfast.application.cells.ports import KnownCell, Register
from holdfast.application.cells.presence import Presence
from holdfast.application.cells.routes import HOME, Numbers, Routes
from holdfast.application.failures import ConnectionLost, OperationalFailure, Unavailable
from holdfast.application.identifiers import CellIds

log = structlog.get_logger(__name__)

Part = TypeVar("Part")
Found = TypeVar("Found")

LIST_SECONDS_MAX = 2.0
"""How long a list waits for a cell that does not answer; after that, it is left out until it answers again."""
LOOK_SECONDS_MAX = 1.5


@dataclass(slots=True)
class Member(Generic[Part]):
    """One cell, with what the process has of it."""

    number: int
    part: Part
    register: Register
    ids: CellIds
    presence: Presence = field(init=False)
    closed: str | None = "It has not answered yet."
    """Why nothing is asked of it; None once it has proved to be the cell that it is taken for."""
    numbered: bool = True
    """Whether its database has a number. If not, and cell 0 does not list it either, it was not added yet."""

    def __post_init__(self) -> None:
        self.presence = Presence(self.number, self.register.ping)


class Cells(Generic[Part]):
    """All cells of a process. Each has its own part of everything, so one that hangs holds up nothing of the others."""

    def __init__(self, members: Sequence[Member[Part]]) -> None:
        """Take over the cells, cell 0 first. No request reaches one before `look` has found it to be the right one."""
        self._members = {member.number: member for member in members}
        self._routes = Routes(self._members)
        self._known: Mapping[int, KnownCell] = {}

    @property
    def home(self) -> Part:
        """Cell 0."""
        return self._members[HOME].part

    @property
    def count(self) -> int:
        """How many cells there are, also those that do not answer."""
        return len(self._members)

    def where(self, thing_id: UUID) -> Numbers:
        """Return the numbers of the cells in which an event, a seat or a reservation can be, in the order to ask."""
        return self._routes.where(thing_id)

    def at(self, number: int) -> Part:
        """Return what there is of a cell.

        Raises:
            Unavailable: Nothing may be asked of it, or this process is not connected to it.
        """
        member = self._members.get(number)
        if member is None or member.closed is not None:
            # The log says why. It is nothing that concerns callers.
            raise Unavailable("The database of this event is away.", outcome="none")
        return member.part

    def missing(self, since: float) -> list[int]:
        """Return which cells a list may lack that was begun at this time (`started`)."""
        lacking = {
            number
            for number, member in self._members.items()
            if (member.numbered or number in self._known)
            and (member.closed is not None or member.presence.was_away(since))
        }
        return sorted(lacking | (self._known.keys() - self._members.keys()))

    async def ask_all(self, ask: Callable[[int, Part], Awaitable[Found]]) -> dict[int, Found]:
        """Ask all cells at once, and return the answers by the cells' numbers. One that does not answer is left out.

        Raises:
            ConnectionLost: None of them answers.
        """
        asked = [member for member in self._members.values() if member.closed is None and not member.presence.away]
        answers = await asyncio.gather(*(self._ask(member, ask) for member in asked))
        found = {member.number: answer[0] for member, answer in zip(asked, answers, strict=True) if answer is not None}
        if not found:
            raise ConnectionLost("no cell answers")
        return found

    def takers(self) -> dict[int, Part | None]:
        """Return the cells by their numbers; None for those that take no new events now."""
        return {number: member.part if self._takes_events(member) else None for number, member in self._members.items()}

    def promised(self, number: int) -> Part | None:
        """Return a cell that may have promised to take an event, also while it does not answer.

        It is None if there is no such cell, or it was drained.

        Raises:
            Unavailable: Nothing may be asked of it.
        """
        known = self._known.get(number)
        listed = number == HOME if known is None else not known.drained
        return self.at(number) if listed and number in self._members else None

    def _takes_events(self, member: Member[Part]) -> bool:
        if member.closed is not None or member.presence.away:
            return False
        known = self._known.get(member.number)
        # What cell 0 does not list yet is not finished being added.
        return member.number == HOME if known is None else not known.drained

    async def planned_seats(self) -> dict[int, int]:
        """Return how many seats the events that are not over are planned to have, in each cell that answers."""
        return await self.ask_all(lambda number, _: self._members[number].register.planned_seats())

    async def look(self) -> None:
        """Find out which databases these are, and which cells there are.

        All of them are asked each time, because a URL can lead somewhere else from one moment to the next: after a
        failover, or when a name in DNS is changed.
        """
        await asyncio.gather(*map(self._prove, self._members.values()), self._learn_cells())

    def close(self) -> None:
        """Stop looking after cells that are away."""
        for member in self._members.values():
            member.presence.close()

    async def _ask(self, member: Member[Part], ask: Callable[[int, Part], Awaitable[Found]]) -> tuple[Found] | None:
        try:
            async with asyncio.timeout(LIST_SECONDS_MAX):
                return (await ask(member.number, member.part),)
        except (OperationalFailure, Unavailable, TimeoutError) as failure:
            member.presence.trip(failure)
            return None

    async def _prove(self, member: Member[Part]) -> None:
        """Ask a database which cell it is. It gets no request before it has said so."""
        number = member.number
        try:
            async with asyncio.timeout(LOOK_SECONDS_MAX):
                own = await member.register.own()
        except (OperationalFailure, TimeoutError) as failure:
            if member.closed is not None:
                member.presence.trip(failure)
            return
        if own is None and number != HOME:
            member.numbered = False
            _refuse(member, f"its database has no number yet: `holdfast cells add {number}`.")
        elif own is not None and own.number != number:
            of_url = "DATABASE_URL leads to" if number == HOME else f"CELLS names as cell {number}"
            _refuse(member, f"{of_url} the database of cell {own.number}.")
        else:
            if own is not None and number != HOME:
                member.ids.not_before = _milliseconds(own.added_at)
                self._routes.learn(number, member.ids.not_before)
            member.closed, member.numbered = None, True

    async def _learn_cells(self) -> None:
        home = self._members[HOME]
        try:
            async with asyncio.timeout(LOOK_SECONDS_MAX):
                known = await home.register.cells()
        except (OperationalFailure, TimeoutError):
            return  # what it said before still counts; whether it is away is for those to find out who need it
        self._known = {cell.number: cell for cell in known}
        self._routes.learn_others({cell.number: _milliseconds(cell.added_at) for cell in known})


def started() -> float:
    """Return the time by which `Cells.missing` tells what a list that begins now may lack."""
    return time.monotonic()


def _refuse(member: Member[Part], sentence: str) -> None:
    if member.closed != sentence:
        log.error("cell_refused", cell=member.number, error=sentence)
    member.closed = sentence


def _milliseconds(time_of: datetime) -> int:
    return int(time_of.timestamp() * 1000) + 1
