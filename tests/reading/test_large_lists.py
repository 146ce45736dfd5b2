"""Lists of halls too large to be kept: in pages, as fast as the client reads, all of one state."""

import asyncio
import json
from random import Random

import pytest
from chaos.reading.database import SimulatedDatabase
from chaos.reading.source import SimulatedSource

from box_office import open_engine, put_on_sale
from holdfast.api.seats.seat_json import seat_tail
from holdfast.application.catalogue.add_seats import add_seats
from holdfast.application.failures import Unavailable
from holdfast.application.reading import large_lists
from holdfast.domain.catalogue.seat import numbered_seats
from reading.test_simulated_source import AtOnce


@pytest.fixture
async def small_engine(database_url):
    """An engine that keeps the lists of events of up to 500 seats."""
    async with open_engine(database_url, seat_maps_mib_max=1) as engine:
        yield engine


async def test_a_list_is_of_the_state_in_which_it_was_begun(small_engine, monkeypatch):
    """Whatever is sold, freed or added while a slow client reads it."""
    monkeypatch.setattr(large_lists, "PAGE_SEATS", 100)
    sale = await put_on_sale(small_engine, 600)
    held = [str((await sale.reserve(small_engine, place)).reservation.id) for place in (0, 599)]
    seat_map = await small_engine.views.seat_maps.current(sale.event_id, lists=True)
    assert seat_map.list is None
    whole = small_engine.views.large_lists.open(seat_map, available_only=False)
    free = small_engine.views.large_lists.open(seat_map, available_only=True)
    pieces, version = [], seat_map.version
    async for piece in whole.frames():
        pieces.append(piece)
        if len(pieces) == 2:
            await sale.reserve(small_engine, 300)
            await add_seats(small_engine.catalogue, sale.event_id, numbered_seats(prefix="AA", count=5, price=1))
            assert (await small_engine.views.seat_maps.current(sale.event_id)).version == version + 2
    assert len(pieces) == 7
    listed = json.loads(b"".join(pieces))
    assert [seat["seat_number"] for seat in listed] == sorted(f"A-{number}" for number in range(1, 601))
    assert [seat["reserved_by"] for seat in listed if seat["status"] == "reserved"] == held
    assert len(json.loads(b"".join([piece async for piece in free.frames()]))) == 598


async def test_no_connection_waits_for_a_slow_client_and_few_lists_are_under_way(small_engine, monkeypatch):
    monkeypatch.setattr(large_lists, "LISTS_MAX", 2)
    monkeypatch.setattr(large_lists, "PAGE_SEATS", 100)
    sale = await put_on_sale(small_engine, 600)
    seat_map = await small_engine.views.seat_maps.current(sale.event_id)
    slow = [small_engine.views.large_lists.open(seat_map, available_only=False).frames() for _ in range(2)]
    for frames in slow:
        await anext(frames)
    assert small_engine.views.charts._large_pool.busy == 0
    with pytest.raises(Unavailable):
        small_engine.views.large_lists.open(seat_map, available_only=False)
    for frames in slow:
        await frames.aclose()
    assert small_engine.views.large_lists.under_way == 0
    whole = small_engine.views.large_lists.open(seat_map, available_only=False)
    first = await anext(whole.frames())
    whole.stop()
    assert first.startswith(b"[{")


async def test_who_takes_a_list_too_slowly_is_cut_off(small_engine, monkeypatch):
    monkeypatch.setattr(large_lists, "LIST_SECONDS_MAX", 0.0)
    sale = await put_on_sale(small_engine, 600)
    seat_map = await small_engine.views.seat_maps.current(sale.event_id)
    frames = small_engine.views.large_lists.open(seat_map, available_only=False).frames()
    await anext(frames)
    with pytest.raises(large_lists.ConnectionLost):
        async with asyncio.timeout(10):
            await anext(frames)


async def test_a_list_whose_state_was_lost_with_a_failover_is_cut_off(monkeypatch):
    """Other seats have replaced those that were lost: a list with both would not be a state of the event."""
    monkeypatch.setattr(large_lists, "PAGE_SEATS", 2)
    time = 0.0
    simulated = SimulatedDatabase(Random(1), lambda: time)
    event = simulated.create_event("hall", 3)
    time = 100.0
    simulated.add_seats(event, 3)
    source = SimulatedSource(simulated, AtOnce())
    (seat_map,) = await source.load([(event.id, False)], large=False)
    lists = large_lists.LargeLists(source, seat_tail)
    whole = [piece async for piece in lists.open(seat_map, available_only=False).frames()]
    assert len(json.loads(b"".join(whole))) == 6
    frames = lists.open(seat_map, available_only=False).frames()
    await anext(frames)
    simulated.lose(1.0)
    simulated.add_seats(event, 3)
    with pytest.raises(large_lists.ConnectionLost):
        [_ async for _ in frames]
    assert lists.under_way == 0
