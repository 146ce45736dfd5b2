"""Where to look for an id, and in which order."""

from uuid import UUID

from holdfast.application.cells.routes import Routes
from holdfast.application.identifiers import CellIds

ADDED_MS = 2_000_000_000_000


def _id_of(cell: int, milliseconds: int) -> UUID:
    return CellIds(cell).chosen(milliseconds, 5)


def test_a_cell_that_has_answered_is_asked_first_for_what_is_not_older():
    routes = Routes([0, 1])
    routes.learn(1, ADDED_MS)
    assert routes.where(_id_of(1, ADDED_MS)) == (1, 0)
    assert routes.where(_id_of(1, ADDED_MS - 1)) == (0,)
    assert routes.where(_id_of(0, ADDED_MS)) == routes.where(_id_of(7, ADDED_MS)) == (0,)
    routes.learn_others({0: 0, 1: 0, 2: ADDED_MS})
    assert routes.where(_id_of(1, ADDED_MS)) == (1, 0)
    assert routes.where(_id_of(2, ADDED_MS)) == (0, 2)
    assert routes.where(_id_of(2, ADDED_MS - 1)) == (0,)


def test_a_cell_that_has_not_answered_takes_nothing_of_cell_0_along():
    """Older ids have random bits there, so some name a cell that is away when a process starts."""
    routes = Routes([0, 1])
    assert routes.where(_id_of(1, ADDED_MS)) == (0, 1)
    routes.learn_others({1: ADDED_MS})
    assert routes.where(_id_of(1, ADDED_MS - 1)) == (0,)
    assert routes.where(_id_of(1, ADDED_MS)) == (0, 1)
    routes.learn(1, ADDED_MS)
    assert routes.where(_id_of(1, ADDED_MS)) == (1, 0)
