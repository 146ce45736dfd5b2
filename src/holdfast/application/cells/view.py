"""One capability of all cells, for what works with nothing else of them."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Generic, TypeVar
from uuid import UUID

from holdfast.application.cells.cells import Cells
from holdfast.application.cells.routes import Numbers

Part_co = TypeVar("Part_co", covariant=True)
Found = TypeVar("Found")


class View(Generic[Part_co]):
    """The cells, each with one part of what there is of it."""

    def __init__(self, cells: Cells[Any], part_of: Callable[[Any], Part_co]) -> None:
        """Look at the part that `part_of` takes out of each cell."""
        self._cells = cells
        self._part_of = part_of

    @property
    def count(self) -> int:
        """How many cells there are, also those that do not answer."""
        return self._cells.count

    def where(self, thing_id: UUID) -> Numbers:
        """Return the numbers of the cells in which something can be, in the order to ask."""
        return self._cells.where(thing_id)

    def at(self, number: int) -> Part_co:
        """Return the part of a cell.

        Raises:
            Unavailable: Nothing may be asked of it.
        """
        return self._part_of(self._cells.at(number))

    def places(self, thing_id: UUID) -> Iterator[Part_co]:
        """Yield the parts of the cells in which something can be, in the order to ask.

        Raises:
            Unavailable: Nothing may be asked of one of them.
        """
        for number in self.where(thing_id):
            yield self.at(number)

    async def ask_all(self, ask: Callable[[int, Part_co], Awaitable[Found]]) -> dict[int, Found]:
        """Ask all cells at once (see `Cells.ask_all`).

        Raises:
            ConnectionLost: None of them answers.
        """
        return await self._cells.ask_all(lambda number, whole: ask(number, self._part_of(whole)))

    async def first(self, thing_id: UUID, find: Callable[[Part_co], Awaitable[Found | None]]) -> Found | None:
        """Find something in the first cell that has it; None if none has.

        Raises:
            Unavailable: Nothing may be asked of a cell in which it can be.
        """
        for part in self.places(thing_id):
            found = await find(part)
            if found:
                return found
        return None
