"""`holdfast cells`: what its commands do and print."""

import asyncio
import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

import typer

from holdfast.cli.console import print_rows, say
from holdfast.cli.invariants import verdict_of
from holdfast.cli.migration_progress import shown_progress
from holdfast.infrastructure.embedded import EmbeddedError
from holdfast.infrastructure.postgres.driver.known_schema import newest_migration
from holdfast.infrastructure.postgres.migrations import listing
from holdfast.infrastructure.postgres.migrations.adding import add_cell
from holdfast.infrastructure.postgres.migrations.listing import CellState
from holdfast.infrastructure.postgres.upkeep.invariants import check_invariants
from holdfast.server_urls.cells import Cell
from holdfast.server_urls.parts import redacted
from holdfast.settings import Settings, SettingsError

_Result = TypeVar("_Result")

_COLUMNS = ("cell", "name", "where", "schema", "available seats", "new events", "state")


def list_cells(settings: Settings) -> bool:
    """Print a row for each cell; return whether all are as they should be."""
    cells = settings.all_cells()
    states = asyncio.run(listing.states_of(cells))
    places = {cell.number: where(cell) for cell in cells}
    print_rows(_COLUMNS, [_row(state, places.get(state.number, "")) for state in states])
    return not any(state.findings for state in states)


def add(settings: Settings, number: int, name: str, *, drained: bool = False) -> None:
    """Make the database that CELLS has under a number a cell, and print what nodes need.

    Raises:
        SettingsError: if CELLS does not have it.
        EmbeddedError: if it cannot become that cell; the message is one line.
    """
    cell = _named(settings, number)
    if number == 0:
        raise EmbeddedError("cell 0 is DATABASE_URL: it is there from the beginning")
    with shown_progress() as reporter:
        named = name or f"cell {number}"
        work = partial(add_cell, settings.all_cells()[0], cell, name=named, reporter=reporter, drained=drained)
        new = _do(number, lambda: asyncio.run(work()))
    say(f"cell {number} {'is added' if new else 'was added before'}: {where(cell)}, schema {newest_migration()}")
    say("Nodes and workers need this CELLS, with the passwords that are left out here:")
    say(f"  CELLS={_shown(settings)}")
    if drained:
        say("Restart them with it, one after the other; then have it get new events:")
        say(f"  holdfast cells undrain {number}")
    else:
        say("Restart them with it. It gets new events at once, and nodes that do not know it yet cannot find those.")


def check(settings: Settings) -> bool:
    """Check the promises in every cell, and that ids and databases are where they say; return whether all hold."""
    cells = settings.all_cells()
    known = _do(0, lambda: asyncio.run(listing.known_cells(cells[0])))
    sound = True
    for number in sorted(known.keys() - {cell.number for cell in cells}):
        sound = False
        typer.echo(f"cell {number}: CELLS does not name it, so it was not checked", err=True)
    for cell in cells:
        try:
            broken = _broken(cell, known)
            verdict = verdict_of(len(broken))
        except Exception as error:  # noqa: BLE001 - the other cells are still to be checked
            broken, verdict = [f"cannot be checked: {listing.reason_of(error)}"], "not checked"
        say(f"cell {cell.number}\t{where(cell)}\t{verdict}")
        for line in broken:
            typer.echo(f"cell {cell.number}: {line}", err=True)
        sound = sound and not broken
    return sound


def drain(settings: Settings, number: int, *, drained: bool) -> str:
    """Take a cell out of those that get new events, or back in.

    Raises:
        EmbeddedError: if there is no such cell, or it is the only one that takes new events; the message is one line.
    """
    home = settings.all_cells()[0]
    changed = _do(number, lambda: asyncio.run(listing.set_drained(home, number, drained=drained)))
    now = "gets no new events; what is on sale there goes on" if drained else "gets new events"
    soon = " Nodes learn it within seconds." if changed else " Nothing has changed."
    return f"cell {number} {now}.{soon}"


def where(cell: Cell) -> str:
    """Return where a cell is, without secrets."""
    return redacted(cell.url) + ("" if cell.schema is None else f" schema {cell.schema}")


def _row(state: CellState, place: str) -> Sequence[str]:
    return (
        str(state.number),
        state.name or ("home" if state.number == 0 else ""),
        place,
        state.schema or "none",
        "" if state.available_seats is None else str(state.available_seats),
        "no" if state.drained else "yes",
        "; ".join(state.findings) or "ok",
    )


def _broken(cell: Cell, known: dict[int, listing.KnownCell]) -> list[str]:
    own = asyncio.run(listing.own_number(cell))
    expected = {cell.number} if cell.number else {0, None}
    lines = [] if own in expected else [f"its database says that it is {'no cell' if own is None else f'cell {own}'}"]
    for result in asyncio.run(check_invariants(cell)):
        lines += [f"{result.name}: {violation}" for violation in result.violations]
    for row in asyncio.run(listing.ids_that_name_others(cell, known)):
        lines.append(f"{row['kind']} {row['id']} names cell {row['cell']}")
    return lines


def _named(settings: Settings, number: int) -> Cell:
    cells = {cell.number: cell for cell in settings.all_cells()}
    if number not in cells:
        raise SettingsError(
            f'CELLS: has no cell {number}; set it for this command, as in CELLS=\'{{"{number}": {{"url": "postgresql://…"}}}}\''
        )
    return cells[number]


def _shown(settings: Settings) -> str:
    cells = {
        str(cell.number): {
            "url": redacted(cell.url),
            **({} if cell.schema is None else {"schema": cell.schema}),
            **({} if cell.plan_mode == "generic" else {"plan_mode": cell.plan_mode}),
            **({"citus": True} if cell.citus else {}),
        }
        for cell in settings.all_cells()[1:]
    }
    return f"'{json.dumps(cells, ensure_ascii=False)}'"


def _do(number: int, work: Callable[[], _Result]) -> _Result:
    try:
        return work()
    except Exception as error:
        reason = listing.reason_of(error)
        raise EmbeddedError(reason if f"cell {number}" in reason else f"cell {number}: {reason}") from error
