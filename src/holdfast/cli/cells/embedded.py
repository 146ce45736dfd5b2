"""`holdfast run --cells N`: further embedded PostgreSQLs as cells, to see on one machine how cells work."""

import json

from pydantic import SecretStr

from holdfast.cli.console import step
from holdfast.cli.programs import connections_of, run_once
from holdfast.infrastructure.embedded import EmbeddedError, EmbeddedPostgres
from holdfast.infrastructure.embedded.folder import private_folder
from holdfast.infrastructure.embedded.supervisor import Supervisor
from holdfast.settings import Settings


def require_embedded(settings: Settings, cells: int) -> None:
    """Make sure that the cells to start are not beside databases that were given.

    Raises:
        EmbeddedError: if they are.
    """
    if cells > 1 and settings.database_url is not None:
        raise EmbeddedError("--cells starts embedded databases: with DATABASE_URL, name further cells in CELLS")


def start_further_cells(settings: Settings, supervisor: Supervisor, cells: int) -> Settings:
    """Start a PostgreSQL for each cell but cell 0; return the settings with their URLs.

    Raises:
        EmbeddedError: if one cannot be started.
    """
    urls = {}
    for number in range(1, cells):
        with step(f"Starting PostgreSQL of cell {number}"):
            folder = private_folder(settings.holdfast_data_dir / f"cell-{number}")
            server = EmbeddedPostgres(folder, settings={"max_connections": connections_of(settings)})
            supervisor.start_server(server)
        urls[str(number)] = {"url": server.url}
    return settings.model_copy(update={"cells": SecretStr(json.dumps(urls))}) if urls else settings


def add_further_cells(settings: Settings, cells: int) -> None:
    """Make the started databases cells, unless they are already.

    Raises:
        EmbeddedError: if one cannot become a cell.
    """
    for number in range(1, cells):
        with step(f"Adding cell {number}"):
            run_once(f"Adding cell {number}", f"cells add {number}", f"cell-{number}.log", settings)
