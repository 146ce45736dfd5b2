"""Reads the state of every cell (`holdfast cells list`), and checks that ids name their own cell."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import asyncpg

from holdfast.infrastructure.postgres.cells.register import own_number_on
from holdfast.infrastructure.postgres.driver.known_schema import newest_migration
from holdfast.infrastructure.postgres.migrations.adding import HOME, CellError, require_ready_home
from holdfast.infrastructure.postgres.migrations.cell_statements import CELLS
from holdfast.infrastructure.postgres.migrations.session import connected, current_revision
from holdfast.server_urls.cells import Cell

SECONDS_MAX = 8.0
"""How long a cell that does not answer is waited for. All are asked at once."""
ROWS_MAX = 20


@dataclass(frozen=True, slots=True)
class KnownCell:
    """A cell as cell 0 lists it."""

    number: int
    name: str
    added_at: datetime
    drained_at: datetime | None


@dataclass(slots=True)
class CellState:
    """What was found of one cell."""

    number: int
    name: str = ""
    schema: str | None = None
    available_seats: int | None = None
    drained: bool = False
    findings: list[str] = field(default_factory=list)
    """What is not as it should be; empty if all is well."""


async def known_cells(home: Cell) -> dict[int, KnownCell]:
    """Return the cells that cell 0 lists, by number; none if its schema is older than cells."""
    async with connected(home) as connection:
        try:
            rows = await CELLS.known_cells({}).fetch(connection)
        except asyncpg.UndefinedTableError:
            return {}
    return {row["number"]: KnownCell(**dict(row)) for row in rows}


async def states_of(cells: Sequence[Cell]) -> list[CellState]:
    """Look at all cells at once. One that does not answer is a finding, also cell 0."""
    known: Mapping[int, KnownCell] = {}
    trouble = ""
    try:
        async with asyncio.timeout(SECONDS_MAX):
            known = await known_cells(cells[0])
    except Exception as error:  # noqa: BLE001 - whatever it is, the others are still to be shown
        trouble = reason_of(error)
    states = list(await asyncio.gather(*(_state_of(cell, known.get(cell.number)) for cell in cells)))
    for state in states:
        listed = state.number in known or state.number == HOME
        if not trouble and not listed and not state.findings:
            state.findings.append(f"cell 0 does not list it: `holdfast cells add {state.number}` completes that")
    given = {cell.number for cell in cells}
    states += [
        CellState(one.number, one.name, drained=one.drained_at is not None, findings=["CELLS does not name it"])
        for one in known.values()
        if one.number not in given
    ]
    return sorted(states, key=lambda state: state.number)


async def set_drained(home: Cell, number: int, *, drained: bool) -> bool:
    """Take a cell out of those that get new events, or back in; return whether that changed anything.

    Raises:
        CellError: There is no such cell, or no other would take new events.
    """
    async with connected(home) as connection, connection.transaction():
        await require_ready_home(connection)
        await CELLS.lock_cells({}).execute(connection)
        if number == HOME:
            now = await CELLS.clock({}).fetchval(connection)
            await CELLS.add_cell({"number": HOME, "name": "home", "added_at": now, "drained": False}).execute(
                connection
            )
        known = {row["number"]: row["drained_at"] for row in await CELLS.known_cells({}).fetch(connection)}
        if number not in known:
            raise CellError(f"there is no cell {number}: `holdfast cells list` shows those that there are")
        takers = {other for other, drained_at in known.items() if drained_at is None} | ({HOME} - known.keys())
        if drained and takers == {number}:
            raise CellError(f"cell {number} is the only one that takes new events: undrain another first")
        statement = CELLS.drain_cell if drained else CELLS.undrain_cell
        await statement({"number": number}).execute(connection)
        return (known[number] is not None) != drained


async def ids_that_name_others(cell: Cell, known: Mapping[int, KnownCell]) -> list[dict[str, Any]]:
    """Return ids of events, seats and reservations in a cell that name another one."""
    others = [one for one in known.values() if one.number != HOME]
    statement = CELLS.ids_of_other_cells(
        {
            "number": cell.number,
            "numbers": [one.number for one in others],
            "since_milliseconds": [int(one.added_at.timestamp() * 1000) + 1 for one in others],
        }
    )
    async with connected(cell) as connection:
        await connection.execute("SET jit = off")
        return [dict(row) for row in (await statement.fetch(connection))[:ROWS_MAX]]


async def own_number(cell: Cell) -> int | None:
    """Return which cell a database is; None if it was never told."""
    async with connected(cell) as connection:
        return await own_number_on(connection)


def reason_of(error: BaseException) -> str:
    """Return why something failed, in one line."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return (" ".join(str(error).split()) or type(error).__name__)[:300]


async def _state_of(cell: Cell, known: KnownCell | None) -> CellState:
    state = CellState(cell.number)
    if known is not None:
        state.name, state.drained = known.name, known.drained_at is not None
    try:
        async with asyncio.timeout(SECONDS_MAX), connected(cell) as connection:
            await _look(connection, cell, state)
    except Exception as error:  # noqa: BLE001 - whatever it is, the others are still to be shown
        state.findings.append(f"away: {reason_of(error)}")
    return state


async def _look(connection: asyncpg.Connection, cell: Cell, state: CellState) -> None:
    state.schema = await current_revision(connection)
    if state.schema is None:
        state.findings.append(f"not added yet: `holdfast cells add {cell.number}`")
        return
    if state.schema != newest_migration():
        state.findings.append("`holdfast migrate status` says what is to be done")
    own = await own_number_on(connection)
    if own is None and cell.number != HOME:
        state.findings.append(f"its database has no number: `holdfast cells add {cell.number}`")
    elif own not in (None, cell.number):
        state.findings.append(f"its database is cell {own}: the url is wrong")
    state.available_seats = await CELLS.available_seats({}).fetchval(connection)
