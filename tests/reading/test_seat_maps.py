"""Maps of hot events on real tables: never older than the request, whatever else happens."""

import asyncio
import json

import pytest

from box_office import let_holds_run_out, open_engine, put_on_sale
from holdfast.application.booking.cancel import cancel
from holdfast.application.booking.confirm import confirm
from holdfast.application.catalogue.add_seats import add_seats
from holdfast.application.catalogue.delete_event import delete_event
from holdfast.domain.catalogue.seat import numbered_seats
from holdfast.telemetry import metrics


async def statuses(engine, event_id) -> list[str]:
    seat_map = await engine.views.seat_maps.current(event_id, lists=True)
    seat_map.list.write(seat_map.list.unwritten(), seat_map.write)
    return [seat["status"] for seat in json.loads(b"".join(seat_map.list.pieces(available_only=False)))]


def loads() -> float:
    return metrics.seat_maps_loaded_total._value.get()


async def test_own_writes_are_seen_without_loading_the_map_again(engine):
    sale = await put_on_sale(engine, 3)
    assert await statuses(engine, sale.event_id) == ["available"] * 3
    before = loads()
    held = await sale.reserve(engine, 0, 1)
    assert await statuses(engine, sale.event_id) == ["reserved", "reserved", "available"]
    await confirm(engine.booking, reservation_id=held.reservation.id, user_id="ann")
    assert await statuses(engine, sale.event_id) == ["confirmed", "confirmed", "available"]
    other = await sale.reserve(engine, 2)
    await cancel(engine.booking, reservation_id=other.reservation.id, user_id="ann")
    assert await statuses(engine, sale.event_id) == ["confirmed", "confirmed", "available"]
    assert loads() == before


async def test_writes_of_another_node_are_caught_up_from_the_log(engine, other_engine):
    sale = await put_on_sale(engine, 3)
    await statuses(engine, sale.event_id)
    before = loads()
    await sale.reserve(other_engine, 1)
    assert await statuses(engine, sale.event_id) == ["available", "reserved", "available"]
    await sale.reserve(engine, 0)
    await sale.reserve(other_engine, 2)
    assert await statuses(engine, sale.event_id) == ["reserved"] * 3
    assert loads() == before


async def test_a_map_is_as_new_as_the_question(engine, other_engine):
    """Nothing is missed between one response and the next query, with many readers and two nodes that write."""
    sale = await put_on_sale(engine, 40)
    told = 0
    done = asyncio.Event()

    async def write():
        nonlocal told
        for place in range(40):
            node = other_engine if place % 2 else engine
            told = (await sale.reserve(node, place)).version
        done.set()

    async def read():
        while not done.is_set():
            known = told
            seat_map = await engine.views.seat_maps.current(sale.event_id)
            assert seat_map.version >= known
            assert seat_map.available == 40 - (seat_map.version - 1)
            await asyncio.sleep(0)

    await asyncio.gather(write(), *(read() for _ in range(5)))


async def test_added_seats_and_a_deletion_are_seen(engine, other_engine):
    sale = await put_on_sale(engine, 2)
    await statuses(engine, sale.event_id)
    await add_seats(other_engine.catalogue, sale.event_id, numbered_seats(prefix="B", count=2, price=1))
    assert len(await statuses(engine, sale.event_id)) == 4
    await delete_event(other_engine.catalogue, sale.event_id)
    assert await engine.views.seat_maps.current(sale.event_id) is None


async def test_a_hold_that_ran_out_is_recorded_by_the_first_who_looks(engine, database_url):
    sale = await put_on_sale(engine, 2)
    await sale.reserve(engine, 0)
    await statuses(engine, sale.event_id)
    await let_holds_run_out(database_url)
    assert await statuses(engine, sale.event_id) == ["available", "available"]


@pytest.mark.slow
async def test_a_log_too_long_to_follow_is_loaded_instead(engine, other_engine):
    sale = await put_on_sale(engine, 2)
    await statuses(engine, sale.event_id)
    before = loads()
    for _ in range(1_001):
        held = await sale.reserve(other_engine, 0)
        await cancel(other_engine.booking, reservation_id=held.reservation.id, user_id="ann")
    assert await statuses(engine, sale.event_id) == ["available", "available"]
    assert loads() == before + 1


async def test_memory_is_bounded(database_url):
    async with open_engine(database_url, seat_maps_mib_max=1) as engine:
        sales = [await put_on_sale(engine, 500) for _ in range(6)]
        for sale in sales:
            assert (await engine.views.seat_maps.current(sale.event_id, lists=True)).list is not None
        kept = [sale for sale in sales if engine.views.seat_maps.kept(sale.event_id) is not None]
        assert kept[-1] is sales[-1]
        assert len(kept) < 6
        hall = await put_on_sale(engine, 2_000)
        assert (await engine.views.seat_maps.current(hall.event_id, lists=True)).list is None


async def test_an_unknown_event_has_no_map(engine):
    sale = await put_on_sale(engine, 1)
    assert await engine.views.seat_maps.current(sale.seats[0]) is None


@pytest.mark.parametrize("readers", [50])
async def test_many_who_ask_at_once_share_one_load(engine, readers):
    sale = await put_on_sale(engine, 5)
    before = loads()
    maps = await asyncio.gather(*(engine.views.seat_maps.current(sale.event_id) for _ in range(readers)))
    assert len({id(seat_map) for seat_map in maps}) == 1
    assert loads() == before + 1
