"""The database that a command works on."""

import asyncio
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import SecretStr

from holdfast.infrastructure.embedded import EmbeddedError, EmbeddedPostgres
from holdfast.infrastructure.embedded.postgres import running_url
from holdfast.server_urls.cells import Cell
from holdfast.settings import Settings, SettingsError

_LOOK_SECONDS = 3.0


def require_database(settings: Settings) -> Settings:
    """Return the settings if they name a database.

    Raises:
        SettingsError: if they do not.
    """
    if settings.database_url is None:
        raise SettingsError("DATABASE_URL: must be set, or start everything with `holdfast run`")
    return settings


def refuse_wrong_databases(settings: Settings) -> Settings:
    """Refuse, at start, a pooler that cannot be used, and a DATABASE_URL that leads to another cell.

    Keys, members and whatever belongs to no event would be read from the wrong database, and new events stored there
    with ids of cell 0. A database that is away now does not prevent the start.

    Raises:
        EmbeddedError: if a URL leads to something of the kind; the message is one line.
    """
    from holdfast.infrastructure.postgres.cells.register import own_number_on  # noqa: PLC0415 - slow to import
    from holdfast.infrastructure.postgres.driver.poolers import PoolerError, connect_with  # noqa: PLC0415

    async def look(cell: Cell) -> str | None:
        try:
            connection = await connect_with(cell, cell.search_path, timeout=_LOOK_SECONDS)
            try:
                if cell.number == 0:
                    async with asyncio.timeout(_LOOK_SECONDS):
                        number = await own_number_on(connection)
                    return f"DATABASE_URL: leads to the database of cell {number}, not to cell 0" if number else None
            finally:
                connection.terminate()
        except PoolerError as error:
            return f"cell {cell.number}: {error}" if cell.number else str(error)
        except Exception:  # noqa: BLE001 - any other failure may pass, and will be logged
            return None
        return None

    async def look_at_all() -> list[str | None]:
        return await asyncio.gather(*(look(cell) for cell in settings.all_cells()))

    refused = [reason for reason in asyncio.run(look_at_all()) if reason is not None]
    if refused:
        raise EmbeddedError("; ".join(refused))
    return settings


def forget_postgres_variables() -> None:
    """Remove `PGSSLMODE` and the like before an embedded server is used.

    They are meant for another server, and the driver would obey them.
    """
    for name in [name for name in os.environ if name.startswith("PG")]:
        del os.environ[name]


def _running_cells(settings: Settings) -> dict[str, SecretStr]:
    """Return CELLS for the cells of a running `holdfast run --cells`, which have folders of their own."""
    folders = settings.holdfast_data_dir.glob("cell-*/postgres.port")
    found = {path.parent.name.removeprefix("cell-"): running_url(path.parent) for path in folders}
    cells = {number: {"url": url} for number, url in sorted(found.items()) if url is not None}
    return {"cells": SecretStr(json.dumps(cells))} if cells else {}


@contextmanager
def with_database(settings: Settings, *, new: bool = False) -> Iterator[Settings]:
    """Provide settings with a database: the configured one, or the embedded one, which is started if it is not running.

    Args:
        settings: The settings.
        new: Whether to make an embedded database if there is none. A command that only looks would find no tables in
            it, and leave a folder behind where somebody has typed it in the wrong place.

    Raises:
        EmbeddedError: if the embedded database cannot be started.
        SettingsError: if there is none.
    """
    if settings.database_url is not None:
        yield settings
        return
    forget_postgres_variables()
    url = running_url(settings.holdfast_data_dir)
    if url is not None:
        yield settings.model_copy(update={"database_url": SecretStr(url), **_running_cells(settings)})
        return
    # A folder that is no whole cluster, such as one that is half restored, is named by the start.
    if not new and not (settings.holdfast_data_dir / "postgres").exists():
        raise SettingsError(
            "DATABASE_URL: must be set, or the command typed in the folder of a `holdfast run`: "
            f"there is no database in {settings.holdfast_data_dir.absolute()}"
        )
    server = EmbeddedPostgres(settings.holdfast_data_dir)
    server.start()
    try:
        yield settings.model_copy(update={"database_url": SecretStr(server.url)})
    finally:
        server.stop()
