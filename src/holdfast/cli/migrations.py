"""`holdfast migrate`: what its commands do, ask and print, for one cell or all of them.

Further cells come first and cell 0 last; on the way down it is the other way round. So whoever finds cell 0 migrated
knows that the others are, and a command that was broken off is completed by running it again.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

from holdfast.cli.database import require_database
from holdfast.cli.migration_progress import OfCell, shown_progress
from holdfast.infrastructure.embedded import EmbeddedError
from holdfast.infrastructure.postgres.migrations import migrate, status
from holdfast.infrastructure.postgres.migrations.listing import known_cells
from holdfast.infrastructure.postgres.migrations.reporter import Reporter
from holdfast.infrastructure.postgres.migrations.status import MigrationStatus
from holdfast.server_urls.cells import Cell
from holdfast.settings import Settings, SettingsError

_Result = TypeVar("_Result")

_REASON_MAX = 2_000
"""Longer than a list of the nodes that stand in the way."""


def up(settings: Settings, *, alone: bool = False, only: int | None = None) -> str:
    """Migrate the schema of every cell to the newest version, and describe it.

    Args:
        settings: The settings, for the databases.
        alone: Nothing but what is about to be started uses these databases, so the upgrade can be finished too.
        only: The number of the only cell to migrate; None: all.

    Raises:
        EmbeddedError: if a database cannot be reached, or refuses; the message is one line.
    """
    cells = _all_or_only(settings, only)
    for cell in cells:
        with _progress(cell, cells) as reporter:
            _do("up", cell, partial(migrate.upgrade, cell, reporter=reporter))
        now = _do("up", cell, partial(status.status, cell))
        if alone and now.at_head and not now.is_finished and not now.older_nodes:
            _do("up", cell, partial(migrate.finish, cell, looks=1))
    return show(settings, only=only)


def down(settings: Settings, may_drop: Callable[[Sequence[str]], bool], *, only: int | None = None) -> str:
    """Undo the newest migration in every cell that has it, and describe the schema.

    Args:
        settings: The settings, for the databases.
        may_drop: Asked once, with a list, before any data that could be missed is dropped.
        only: The number of the only cell to migrate; None: all.

    Raises:
        EmbeddedError: if a database cannot be reached or refuses, or `may_drop` said no; the message is one line.
    """
    cells = _all_or_only(settings, only)
    current = {cell: _do("down", cell, partial(status.status, cell)).current or "" for cell in cells}
    # A cell that is below the others has been migrated by a command that was broken off.
    wanted = [cell for cell in reversed(cells) if current[cell] == max(current.values())]
    lost = [
        f"{_prefix(cell, cells)}{what}"
        for cell in wanted
        for what in _do("down", cell, partial(status.lost_by_downgrade, cell))
    ]
    if lost and not may_drop(lost):
        raise EmbeddedError(f"nothing was done: this step would drop {', '.join(lost)}; add --yes where that is meant")
    for cell in wanted:
        with _progress(cell, cells) as reporter:
            _do("down", cell, partial(migrate.downgrade, cell, reporter=reporter))
    return show(settings, only=only)


def finish(settings: Settings, *, force: bool) -> str:
    """Let the nodes use the features of this version, and describe the schema.

    Raises:
        EmbeddedError: if older nodes are connected to any cell, or the schema of one is not this version's; the message
            is one line. Nothing was changed then.
    """
    cells = _all_or_only(settings, None)
    if len(cells) > 1:
        for cell in cells:
            now = _do("finish", cell, partial(status.status, cell))
            if not now.at_head:
                raise EmbeddedError(f"{_prefix(cell, cells)}its schema is {now.current} and must be {now.head}")
            if now.older_nodes and not force:
                nodes = "; ".join(now.older_nodes)
                raise EmbeddedError(f"{_prefix(cell, cells)}end its older nodes first, or add --force: {nodes}")
    for cell in cells:
        _do("finish", cell, partial(migrate.finish, cell, force=force))
    return show(settings)


def show(settings: Settings, *, only: int | None = None) -> str:
    """Describe the schema of every cell, and what remains to be done. A cell that is away is described as such.

    Raises:
        EmbeddedError: if the only database, or the only one wanted, cannot be reached; the message is one line.
    """
    cells = _chosen(settings, only)
    if len(cells) == 1:
        return described(_do("status", cells[0], partial(status.status, cells[0])))
    return "\n".join(_described_of(cell, cells) for cell in reversed(cells))


def described(now: MigrationStatus) -> str:
    """Return a status as lines of text."""
    lines = [f"schema {now.current or 'none'}, newest {now.head}"]
    if now.is_newer:
        lines[0] += ": a newer version has migrated it, and this one serves until that upgrade is finished"
    if now.under_way is not None:
        done = f"{now.under_way.revision} {now.under_way.direction}, done: {', '.join(now.under_way.done)}"
        lines.append(f"  half done: {done}; `holdfast migrate {now.under_way.direction}` completes it")
    lines += [f"  to do: {revision}" for revision in now.pending]
    if now.current == now.head and not now.is_finished:
        lines.append(f"  upgrade finished up to {now.finished}: `holdfast migrate finish` once no older node is left")
        lines += [f"    off until then: {feature}" for feature in now.off]
        lines += [f"    older: {nodes}" for nodes in now.older_nodes]
    return "\n".join(lines)


def _described_of(cell: Cell, cells: Sequence[Cell]) -> str:
    try:
        now = status.status(cell)
    except Exception as error:  # noqa: BLE001 - the other cells are still to be described
        return f"{_prefix(cell, cells)}away: {_reason(error)}"
    if now.current is None and cell.number and now.under_way is None:
        return f"{_prefix(cell, cells)}not added yet: `holdfast cells add {cell.number}`"
    return _prefix(cell, cells) + described(now)


def _chosen(settings: Settings, only: int | None) -> list[Cell]:
    """Return the cells in the order in which they are migrated up."""
    cells = require_database(settings).all_cells()
    chosen = [cell for cell in reversed(cells) if only in (None, cell.number)]
    if not chosen:
        raise SettingsError(f"CELLS: has no cell {only}")
    return chosen


def _all_or_only(settings: Settings, only: int | None) -> list[Cell]:
    """Return the cells to migrate. An operator who forgot CELLS for this command is told so.

    Raises:
        EmbeddedError: if cell 0 lists a cell that CELLS does not name.
    """
    cells = _chosen(settings, only)
    if only is None:
        known = _do("status", cells[-1], lambda: asyncio.run(known_cells(cells[-1])))
        missing = sorted(known.keys() - {cell.number for cell in cells})
        if missing:
            raise EmbeddedError(f"CELLS does not name cell {', '.join(map(str, missing))}: set it for this command too")
    return _added(cells)


def _added(cells: list[Cell]) -> list[Cell]:
    """Return the cells without those that are in CELLS and have no schema yet: `holdfast cells add` makes it."""
    added = [cell for cell in cells if cell.number == 0 or _has_schema(cell)]
    if not added:
        number = cells[0].number
        raise EmbeddedError(f"cell {number} has not been added yet: run `holdfast cells add {number}`")
    return added


def _has_schema(cell: Cell) -> bool:
    now = _do("status", cell, partial(status.status, cell))
    return now.current is not None or now.under_way is not None


def _prefix(cell: Cell, cells: Sequence[Cell]) -> str:
    return f"cell {cell.number}: " if len(cells) > 1 else ""


@contextmanager
def _progress(cell: Cell, cells: Sequence[Cell]) -> Iterator[Reporter]:
    with shown_progress() as reporter:
        yield OfCell(reporter, _prefix(cell, cells)) if len(cells) > 1 else reporter


def _do(action: str, cell: Cell, work: Callable[[], _Result]) -> _Result:
    try:
        return work()
    except Exception as error:
        named = f"cell {cell.number}" if cell.number else "the database"
        raise EmbeddedError(f"{named} cannot be migrated ({action}): {_reason(error)}") from error


def _reason(error: BaseException) -> str:
    return (" ".join(str(error).split()) or type(error).__name__)[:_REASON_MAX]
