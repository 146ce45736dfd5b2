"""Recorded runs of the engine in which holds change, seats are kept back, and some seats are special."""

import asyncio
from collections import Counter
from random import Random

import asyncpg
import pytest
from chaos.checkers.report import Assumptions
from chaos.checkers.traced_checker import check
from chaos.histories.database_rows import dump
from chaos.histories.history import Recorder, read_history, wall_offset_ns
from chaos.histories.settlement import settle
from chaos.simulation.engine_archive import Operator
from chaos.simulation.engine_hall import hall_on_sale, keeps_seats_back
from chaos.simulation.engine_run import EVERY_KIND, Clients

from box_office import assert_promises_hold, open_engine
from holdfast.application.reading import seat_maps
from holdfast.application.reading.source import Standing
from holdfast.domain.booking import changing, holding


async def recorded(
    database_url, folder, *, channel, clients=8, calls=120, kinds=EVERY_KIND, archives=False, **settings
):
    """Have clients buy and change in a small hall; return the answers' counts and what the checkers found."""
    path = folder / "history.jsonl"
    with Recorder(path) as recorder:
        async with open_engine(database_url, **settings) as engine:
            hall = await hall_on_sale(engine, database_url, 60)
            organiser = await keeps_seats_back(engine, hall.event, hall.seats) if channel else None
            more = {"kinds": kinds, "pairs": hall.pairs, "organiser": organiser}
            everybody = Clients(engine, recorder, Random(7), hall.event, hall.seats, **more)
            await asyncio.gather(*(everybody.live(client, calls) for client in range(clients)))
            if archives:
                operator = Operator(engine, recorder, hall.event, database_url, folder)
                await everybody.go_on_during(operator.put_away_and_bring_back(), clients=4)
    connection = await asyncpg.connect(database_url)
    try:
        rows = await dump(connection)
    finally:
        await connection.close()
    operations = settle(read_history(path), rows.reservations)
    report = check(operations, rows, Assumptions(wall_offset_ns=wall_offset_ns(path)))
    return Counter((operation.kind, operation.answer) for operation in operations), report, rows


@pytest.mark.parametrize("channel", [False, True])
@pytest.mark.slow
async def test_a_run_with_everything_keeps_every_rule(database_url, tmp_path, channel):
    answers, report, rows = await recorded(database_url, tmp_path, channel=channel)
    assert report.violations == []
    done = [(kind, "done") for kind in ("extend", "change_seats", "release")]
    refused = [("reserve", "area_by_count"), ("reserve", "companion_alone"), ("extend", "extension_limit_reached")]
    assert {*done, *refused} <= answers.keys(), answers
    kinds = {change.kind for change in rows.changes}
    assert ({"seats_kept_back", "seats_given_back", "channel_opened"} <= kinds) is channel
    await assert_promises_hold(database_url)


@pytest.mark.slow
async def test_an_event_leaves_for_the_archive_and_comes_back_and_every_answer_fits(database_url, tmp_path):
    """What was acknowledged before is in the file: all other rules judge the rows that were restored from it."""
    kinds = (*EVERY_KIND, *("read_count",) * 8)
    answers, report, _ = await recorded(database_url, tmp_path, channel=True, calls=60, kinds=kinds, archives=True)
    assert report.violations == []
    assert answers["archive", "archived"] == answers["restore", "restored"] == 2
    assert {"reserve", "read_seat", "read_count"} <= {kind for kind, answer in answers if answer == "event_archived"}
    await assert_promises_hold(database_url)


async def test_an_engine_that_reads_what_an_archived_event_has_left_is_found(database_url, tmp_path, monkeypatch):
    monkeypatch.setattr(seat_maps, "_standing_of", lambda fresh: Standing(fresh.known, fresh.seats, fresh.available))
    kinds = (*EVERY_KIND, *("read_count",) * 20)
    _, report, _ = await recorded(database_url, tmp_path, channel=False, calls=20, kinds=kinds, archives=True)
    assert "answered_while_archived" in report.rules_broken


@pytest.mark.parametrize(
    ("check_name", "rule"), [("companions_alone", "companion_alone"), ("area_named", "area_named")]
)
async def test_an_engine_without_a_check_is_found(database_url, tmp_path, monkeypatch, check_name, rule):
    for module in (holding, changing):
        monkeypatch.setattr(module, check_name, lambda *_: None)
    _, report, _ = await recorded(database_url, tmp_path, channel=False)
    assert report.rules_broken == {rule}


async def test_an_engine_that_extends_without_end_is_found(database_url, tmp_path):
    kinds = (*EVERY_KIND, *("extend",) * 20)
    _, report, _ = await recorded(database_url, tmp_path, channel=False, kinds=kinds, hold_extensions_max=50)
    assert report.rules_broken == {"extension_limit"}
