"""The statements of `cells.sql`, for those who run an installation with several cells."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

from holdfast.infrastructure.postgres.driver.queries import Nothing, Query, bound, load_queries


class Numbered(TypedDict):
    """A cell."""

    number: int


class Since(Numbered):
    """A cell, and since when it is one."""

    added_at: datetime


class Named(Since):
    """A cell as it is listed."""

    name: str
    drained: bool


class Others(TypedDict):
    """A cell, the others, and since when each of these is one, in milliseconds since 1970."""

    number: int
    numbers: Sequence[int]
    since_milliseconds: Sequence[int]


@dataclass(frozen=True, slots=True)
class CellStatements:
    """The statements of `cells.sql`."""

    known_cells: Query[Nothing]
    clock: Query[Nothing]
    take_number: Query[Since]
    add_cell: Query[Named]
    lock_cells: Query[Nothing]
    drain_cell: Query[Numbered]
    undrain_cell: Query[Numbered]
    relations: Query[Nothing]
    has_events: Query[Nothing]
    takes_writes: Query[Nothing]
    available_seats: Query[Nothing]
    ids_of_other_cells: Query[Others]


CELLS = bound(CellStatements, load_queries("migrations/cells"))
