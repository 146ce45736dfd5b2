"""What cells need from outside, as Protocols."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class OwnNumber:
    """What a database knows of itself."""

    number: int
    added_at: datetime


@dataclass(frozen=True, slots=True)
class KnownCell:
    """A cell of the installation, as cell 0 has it."""

    number: int
    added_at: datetime
    drained: bool
    """Whether it takes no new events."""


class Register(Protocol):
    """Reads what a database knows of cells. All calls raise `ConnectionLost` and `Contended`."""

    async def own(self) -> OwnNumber | None:
        """Return which cell the database is; None if it was never told."""
        ...

    async def cells(self) -> Sequence[KnownCell]:
        """Return the cells of the installation. Only cell 0 knows them."""
        ...

    async def planned_seats(self) -> int:
        """Return how many seats the events that are not over are planned to have."""
        ...

    async def ping(self) -> None:
        """Make sure that the database answers."""
        ...
