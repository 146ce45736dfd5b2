"""Recorded runs of the engine that chooses seats, also with free seats that forget what the log says."""

import asyncio
from random import Random

import asyncpg
import pytest
from chaos.checkers.report import Assumptions
from chaos.checkers.traced_checker import check
from chaos.histories.database_rows import dump
from chaos.histories.history import Recorder, read_history, wall_offset_ns
from chaos.histories.settlement import settle
from chaos.simulation.engine_run import Clients

from box_office import assert_promises_hold, open_engine, put_on_sale
from holdfast.application.booking.seatings import event_seats, seatings


async def rules_broken(database_url, folder):
    """Have clients hold, cancel and sell few seats, many of them chosen; return the rules that were broken."""
    path = folder / "history.jsonl"
    with Recorder(path) as recorder:
        async with open_engine(database_url) as engine:
            sale = await put_on_sale(engine, 12)
            clients = Clients(engine, recorder, Random(7), sale.event_id, list(sale.seats))
            await asyncio.gather(*(clients.live(client, 60) for client in range(8)))
    connection = await asyncpg.connect(database_url)
    try:
        rows = await dump(connection)
    finally:
        await connection.close()
    operations = settle(read_history(path), rows.reservations)
    assert sum(operation.answer == "not_enough_seats" for operation in operations) > 5
    report = check(operations, rows, Assumptions(wall_offset_ns=wall_offset_ns(path)))
    await assert_promises_hold(database_url)
    return set(report.counts)


@pytest.mark.parametrize(
    ("forgotten", "broken"),
    [
        pytest.param("nothing", set(), id="nothing"),
        # They are not as many as the event's row says, so they are loaded again.
        pytest.param("freed", set(), id="what became free"),
        pytest.param("taken", set(), id="what was taken"),
        # Without that comparison the checkers find the refusals. What was taken is not sold twice all the same.
        pytest.param("freed, not compared", {"wrong_refusal"}, id="what became free, not compared"),
        pytest.param("taken, not compared", {"wrong_refusal"}, id="what was taken, not compared"),
    ],
)
@pytest.mark.slow
async def test_free_seats_that_forget_are_found(database_url, tmp_path, monkeypatch, forgotten, broken):
    if "not compared" in forgotten:
        monkeypatch.setattr(seatings, "_agree", lambda *_: True)
    if forgotten != "nothing":
        change = event_seats.FreeSeats.change

        def forgetful(self, seat_id, *, free):
            in_log = self is kept[-1]
            return True if in_log and free == forgotten.startswith("freed") else change(self, seat_id, free=free)

        kept = [None]
        apply = event_seats.EventSeats._apply

        def applied(self, step):
            kept.append(self.free)
            try:
                return apply(self, step)
            finally:
                kept.append(None)

        monkeypatch.setattr(event_seats.FreeSeats, "change", forgetful)
        monkeypatch.setattr(event_seats.EventSeats, "_apply", applied)
    assert await rules_broken(database_url, tmp_path) == broken
