"""A cell moves to another database by the commands of docs/cells.md, as they are written there."""

import asyncio
import json
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from archive.past_events import rows_of
from box_office import open_engine, put_on_sale, sql
from databases import drop
from delivery.runbook import Runbook
from docs.pages import ROOT
from holdfast.application.booking.confirm import confirm
from holdfast.cli.cells.acts import add, check, list_cells
from holdfast.settings import Settings


def on(url: str, database: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


@pytest.mark.runs
@pytest.mark.timeout(120)
async def test_a_cell_is_dumped_and_sells_on_elsewhere(servers, database_url, empty_database_url):
    cells = {"cells": json.dumps({"1": {"url": empty_database_url}})}
    await asyncio.to_thread(add, Settings(database_url=database_url, **cells), 1, "east")
    name = urlsplit(database_url).path.strip("/")
    old, new = (on(servers.superuser_url, database) for database in (name, f"{name}_moved"))
    page = Runbook(ROOT / "docs" / "cells.md", FROM=old, TO=new)
    async with open_engine(database_url) as engine:
        sale = await put_on_sale(engine)
        held = (await sale.reserve(engine, 0)).reservation
        page.run("createdb", without="roles.sql", more='psql "$TO" -qc "GRANT CREATE ON SCHEMA public TO holdfast"')
        try:
            page.run("SET default_transaction_read_only = on")
            with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
                await sql(database_url, "UPDATE events SET name = 'written meanwhile'")
            page.run("pg_dump")
            moved = on(database_url, f"{name}_moved")
            assert await rows_of(moved, sale.event_id) == await rows_of(database_url, sale.event_id)
            settings = Settings(database_url=moved, **cells)
            assert await asyncio.to_thread(check, settings)
            assert await asyncio.to_thread(list_cells, settings)
            async with open_engine(moved) as elsewhere:
                await confirm(elsewhere.booking, reservation_id=held.id, user_id="ann")
        finally:
            await drop(servers.superuser_url, f"{name}_moved")
            page.run("RESET default_transaction_read_only")
