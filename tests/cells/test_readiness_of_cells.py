"""A node is ready while any cell is; the report names those that are not, and takes no longer because of them."""

import socket
import time
from contextlib import asynccontextmanager

import pytest

from box_office import sql
from holdfast.application.lifecycle.readiness import PROBE_SECONDS_MAX, Draining, Readiness
from holdfast.infrastructure.postgres.driver.known_schema import newest_migration
from holdfast.infrastructure.readiness import open_probes, part_of
from holdfast.server_urls.cells import Cell
from races.waiting import until

NUMBERED = "UPDATE installation SET cell = {}, cell_added_at = now()"


@asynccontextmanager
async def readiness_of(*cells, overflowing=lambda: [False]):
    async with open_probes(cells, None, overflowing=overflowing) as probes:
        yield Readiness(probes, Draining(), one_suffices=[part_of(cell.number) for cell in cells])


async def report_of(*cells, **more):
    async with readiness_of(*cells, **more) as readiness:
        return await readiness.report()


@pytest.fixture
def silent_url():
    """A server that accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"postgresql://holdfast@127.0.0.1:{listener.getsockname()[1]}/holdfast"


async def test_two_cells_are_two_parts(database_url, new_database_url):
    await sql(new_database_url, NUMBERED.format(1))
    report = await report_of(Cell(0, database_url), Cell(1, new_database_url))
    assert report.status == "ready"
    assert set(report.parts) == {"node", "postgresql", "cell_1", "schema", "queues"}


async def test_with_one_cell_its_absence_makes_the_node_unready():
    report = await report_of(Cell(0, "postgresql://holdfast@127.0.0.1:1/holdfast"))
    assert report.status == "not_ready"


async def test_a_cell_that_hangs_is_named_and_delays_nothing(database_url, silent_url):
    async with readiness_of(Cell(0, database_url), Cell(1, silent_url)) as readiness:
        await readiness.report()  # the first waits for a first look at each
        began = time.monotonic()
        reports = [await readiness.report() for _ in range(5)]
        assert time.monotonic() - began < PROBE_SECONDS_MAX, "five reports, none of which waits for the cell"
    assert {report.status for report in reports} == {"degraded"}
    assert reports[0].parts["cell_1"].state == "degraded"
    assert "No answer" in reports[0].parts["cell_1"].detail
    assert reports[0].parts["schema"].state == "ok", "its schema is not known to be wrong"


async def test_without_cell_0_the_others_go_on(new_database_url, silent_url):
    await sql(new_database_url, NUMBERED.format(1))
    report = await report_of(Cell(0, silent_url), Cell(1, new_database_url))
    assert report.status == "degraded"
    assert report.parts["postgresql"].state == "degraded"


async def test_without_any_cell_the_node_is_not_ready(silent_url):
    assert (await report_of(Cell(0, silent_url), Cell(1, silent_url, schema="one"))).status == "not_ready"


@pytest.mark.parametrize(("number", "sentence"), [(None, "run `holdfast cells add 1`"), (2, "This is cell 2")])
async def test_a_database_that_is_not_the_cell_is_not_used_and_named(database_url, new_database_url, number, sentence):
    if number is not None:
        await sql(new_database_url, NUMBERED.format(number))
    report = await report_of(Cell(0, database_url), Cell(1, new_database_url))
    assert report.status == "degraded"
    assert sentence in report.parts["cell_1"].detail
    assert report.parts["schema"].state == "ok"


async def test_an_older_schema_in_any_cell_makes_the_node_unready(database_url, new_database_url):
    """Otherwise a rollout would go on, node by node, before the cell was migrated."""
    await sql(new_database_url, NUMBERED.format(1))
    await sql(new_database_url, "UPDATE alembic_version SET version_num = '0001'")
    report = await report_of(Cell(0, database_url), Cell(1, new_database_url))
    assert report.status == "not_ready"
    assert report.parts["schema"].detail.startswith(f"Cell 1: The schema is 0001 and must be {newest_migration()}")


async def test_full_queues_of_one_cell_leave_the_node_to_the_others(database_url):
    cell = Cell(0, database_url)
    assert (await report_of(cell, overflowing=lambda: [True, False])).status == "degraded"
    assert (await report_of(cell, overflowing=lambda: [True, True])).status == "not_ready"


async def test_a_probe_with_a_bug_does_not_look_healthy(database_url, monkeypatch):
    async with readiness_of(Cell(0, database_url), Cell(1, database_url, schema="one")) as readiness:
        monkeypatch.setattr("holdfast.infrastructure.postgres.upkeep.readiness.unsuitable", lambda **_: 1 / 0)

        async def failed():
            return "ZeroDivisionError" in (await readiness.report()).parts["postgresql"].detail

        await until(failed)
