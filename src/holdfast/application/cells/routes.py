"""Tells from an id in which cell to look."""

from collections.abc import Iterable, Mapping
from typing import TypeAlias
from uuid import UUID

from holdfast.application.identifiers import cell_of, milliseconds_of

HOME = 0
"""The cell that has what is older than its cells, and what belongs to no event."""

Numbers: TypeAlias = tuple[int, ...]
_ONLY_HOME: Numbers = (HOME,)


class Routes:
    """Where to look, without asking anybody.

    Ids made before there were cells have random bits where the number of a cell is now. So the bits count only if the
    id is not older than the cell. A clock that was ahead can still make an old id look newer than it is, and an event
    never moves, so whatever is not found in its cell is asked for in cell 0, too.

    Of a cell that has not answered yet, it is not known which ids are its own. Cell 0 is asked first then: one in 4,096
    of its older seats and reservations have such bits, and a cell that is away must not take them along.
    """

    def __init__(self, numbers: Iterable[int]) -> None:
        """Know which cells this process connects to."""
        self._added_ms: dict[int, int] = dict.fromkeys(numbers, 0)
        self._places: dict[int, Numbers] = {number: (HOME, number) for number in self._added_ms if number != HOME}
        self._places[HOME] = _ONLY_HOME

    def where(self, thing_id: UUID) -> Numbers:
        """Return the numbers of the cells in which an event, a seat or a reservation can be, in the order to ask."""
        places = self._places.get(cell_of(thing_id), _ONLY_HOME)
        if places is _ONLY_HOME or milliseconds_of(thing_id) < self._added_ms[places[0] or places[1]]:
            return _ONLY_HOME
        return places

    def learn(self, number: int, added_ms: int) -> None:
        """Record that a cell has answered, and when it was added, in Unix milliseconds."""
        self._added_ms[number] = added_ms
        self._places[number] = (number, HOME)

    def learn_others(self, added_ms: Mapping[int, int]) -> None:
        """Record which cells the installation has besides those that have answered.

        While nodes are restarted one by one with a further cell, those that do not have it yet are asked for its events
        already. They must not answer that these do not exist.
        """
        for number, milliseconds in added_ms.items():
            if self._places.get(number, (HOME, number)) == (HOME, number):
                self._added_ms[number] = milliseconds
                self._places[number] = (HOME, number)
