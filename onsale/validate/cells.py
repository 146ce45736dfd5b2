"""Two real cells on this machine, each with a PostgreSQL of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from holdfast.application.identifiers import cell_of
from holdfast.bench.failure import LoadError
from holdfast.bench.server import Server
from onsale.validate.real import Installation, installation


@contextmanager
def two_cells() -> Iterator[Installation]:
    """Start an installation of two cells.

    Raises:
        LoadError: It does not start, or new events do not go to both cells.
    """
    with installation(options=("--cells", "2")) as on:
        _check_both_are_used(on.server)
        yield on


def _check_both_are_used(server: Server) -> None:
    """Make two events; a new one goes to the cell that sells the fewest seats."""
    cells = {cell_of(UUID(server.make_event(10).id)) for _ in range(2)}
    if cells != {0, 1}:
        raise LoadError(f"two new events went to the cells {sorted(cells)}")
