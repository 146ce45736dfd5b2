"""A worker looks after each cell by itself: one that hangs delays no round of another."""

import asyncio
import json
import socket
from contextlib import ExitStack

import pytest

from box_office import let_holds_run_out, open_engine, put_on_sale, reservations_of
from telemetry.programs import eventually, running


@pytest.mark.slow
def test_a_cell_that_hangs_stops_no_round_of_another(database_url, new_database_url, tmp_path):
    with ExitStack() as stack, socket.create_server(("127.0.0.1", 0)) as silent:
        hung = f"postgresql://holdfast@127.0.0.1:{silent.getsockname()[1]}/holdfast"
        # The database of cell 4 does not say that it is one, so nothing is sold in it.
        cells = json.dumps({"3": {"url": hung}, "4": {"url": new_database_url}})
        worker = stack.enter_context(running("work", tmp_path, DATABASE_URL=database_url, CELLS=cells))
        eventually(lambda: worker.metrics().total("holdfast_cell_away", cell="3") == 1)
        eventually(lambda: worker.metrics().total("holdfast_cell_away", cell="4") == 1)
        event_id = asyncio.run(_hold_that_ran_out(database_url))
        eventually(lambda: asyncio.run(_ended(database_url, event_id)) == ["expired"])
        metrics = worker.metrics()
        assert metrics.total("holdfast_cell_away", cell="0") == 0
        assert metrics.total("holdfast_audits_total", cell="3", result="sound") == 0
        assert metrics.total("holdfast_rounds_failed_total", cell="0") == 0
        assert worker.stop() == 0, "it ends in time"


async def _hold_that_ran_out(database_url):
    async with open_engine(database_url) as engine:
        sale = await put_on_sale(engine, 1)
        await sale.reserve(engine, 0)
        await let_holds_run_out(database_url)
    return sale.event_id


async def _ended(database_url, event_id):
    return [row["cancel_reason"] for row in await reservations_of(database_url, event_id)]
