"""Chooses the cell that a new event is stored in. It stays there for ever."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Protocol

from holdfast.application.catalogue.catalogue import Catalogue
from holdfast.application.coalescer import Coalescer
from holdfast.application.failures import Unavailable
from holdfast.domain.refusal import InvalidValue

LOADS_SECONDS = 2.0
"""How long the numbers of seats count. Events that this process stored since then are added to them."""


class Cells(Protocol):
    """The cells, as far as new events are concerned."""

    def catalogues(self) -> Mapping[int, Catalogue | None]:
        """Return the catalogue of each cell by its number; None if it takes no new events now."""
        ...

    def promised(self, number: int) -> Catalogue | None:
        """Return the catalogue of a cell also while it does not answer; None if it was drained, or is none.

        Raises:
            Unavailable: Nothing may be asked of it.
        """
        ...

    async def planned_seats(self) -> Mapping[int, int]:
        """Return how many seats the events that are not over are planned to have, in each cell that answers."""
        ...


class Placing:
    """Puts new events where the fewest seats are planned, or where an admin wants them."""

    def __init__(self, home: Catalogue, cells: Cells | None = None) -> None:
        """Take over the catalogue of cell 0, and the cells if there are several."""
        self._home = home
        self._cells = cells
        self._loads: Mapping[int, int] = {}
        self._read_at = float("-inf")
        self._placed: Counter[int] = Counter()
        self._readings: Coalescer[None, None, None] = Coalescer(self._read, questions_max=1_000)

    async def catalogue(self, asked: int | None, *, seats: int) -> Catalogue:
        """Return where a new event is to be stored.

        Args:
            asked: The number of a cell that an admin asks for.
            seats: How many seats the event is planned to have.

        Raises:
            InvalidValue: There is no such cell, or it takes no new events.
            Unavailable: None takes any.
        """
        if self._cells is None:
            if asked:
                raise InvalidValue("cell", "must be 0: there is only one cell")
            return self._home
        catalogues = self._cells.catalogues()
        if asked is not None:
            chosen = catalogues.get(asked)
            if chosen is None:
                told = "takes no new events now" if asked in catalogues else "does not exist"
                raise InvalidValue("cell", f"{asked} {told}")
            return chosen
        return await self._least_loaded(catalogues, seats)

    async def suggest(self) -> int | None:
        """Return the cell for an event whose form is shown now; None if there is only one.

        The form sends it back. So a form that is sent twice makes one event, even if two nodes would choose differently
        by then.
        """
        if self._cells is None:
            return None
        catalogues = self._cells.catalogues()
        chosen = await self._least_loaded(catalogues, 0)
        return next(number for number, catalogue in catalogues.items() if catalogue is chosen)

    async def suggested(self, number: int, *, seats: int) -> Catalogue:
        """Return the catalogue of a cell that was suggested, or of another if that one takes no events any more.

        A cell that does not answer now stays the one that was suggested. It may have stored the event before it went
        away, and the form, when it is sent again, would make a second one elsewhere.

        Raises:
            Unavailable: None takes any, or nothing may be asked of the suggested one.
        """
        suggested = None if self._cells is None else self._cells.promised(number)
        return suggested or await self.catalogue(None, seats=seats)

    async def _least_loaded(self, catalogues: Mapping[int, Catalogue | None], seats: int) -> Catalogue:
        if time.monotonic() > self._read_at + LOADS_SECONDS:
            await self._readings.ask(None, None)
        loads = self._loads
        takers = {number: one for number, one in catalogues.items() if one is not None and number in loads}
        if not takers:
            raise Unavailable("No cell takes new events now.", outcome="none")
        number = min(takers, key=lambda number: (loads[number] + self._placed[number], number))
        self._placed[number] += seats
        return takers[number]

    async def _read(self, _: None, questions: Sequence[None]) -> Sequence[None]:
        assert self._cells is not None, "it is only asked for if there are several"
        self._loads = await self._cells.planned_seats()
        self._placed.clear()
        self._read_at = time.monotonic()
        return [None] * len(questions)
