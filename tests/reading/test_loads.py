"""Loads are separate: a slow or failing one does not affect readers of other events."""

import asyncio

import pytest

from box_office import put_on_sale, sql
from builders import ordered_ids
from holdfast.application.failures import ConnectionLost, Contended
from holdfast.application.reading import kept_maps, map_loads
from holdfast.application.reading.kept_maps import KeptMaps
from holdfast.application.reading.seat_maps import SeatMaps
from holdfast.domain.booking.snapshot import ChangeKind
from holdfast.telemetry import metrics
from reading.simulated_source import SimulatedSource, turns, until_quiet


async def _nothing(_event_id) -> None:
    pass


@pytest.fixture
def source():
    return SimulatedSource(events=4, seats=3)


@pytest.fixture
def maps(source):
    return SeatMaps(source, bytes_max=1 << 24, expire=_nothing)


async def loading(source, maps, event_id) -> asyncio.Task:
    """Request a map, and stop while it is being loaded."""
    asking = asyncio.create_task(maps.current(event_id))
    await turns()
    source.release(0)
    await turns()
    assert len(source.gates) == 1
    return asking


async def answered(source, asking) -> object:
    """Answer the newest query repeatedly, and leave those before it waiting."""
    task = asyncio.ensure_future(asking)
    await turns()
    while not task.done():
        source.release(-1)
        await turns()
    return await task


async def test_a_slow_load_keeps_no_other_reader_waiting(source, maps):
    slow, other, *_ = source.events
    asking = await loading(source, maps, slow)
    assert (await answered(source, maps.current(other))).seats == 3
    assert (await answered(source, maps.standing(slow))).available == 3
    assert not asking.done()
    await until_quiet(source, lambda: asking)
    assert asking.result().seats == 3


async def test_a_load_that_fails_fails_for_those_who_asked_for_it(source, maps):
    broken, other, *_ = source.events
    asking = await loading(source, maps, broken)
    second = asyncio.create_task(maps.current(broken))
    await turns()
    source.release(1)
    await turns()
    assert (await answered(source, maps.current(other))).seats == 3
    source.release(0, failing=True)
    for asked in (asking, second):
        with pytest.raises(ConnectionLost):
            await asked
    assert (await answered(source, maps.current(broken))).seats == 3, "the next one tries again"


async def test_one_map_that_cannot_be_made_does_not_spoil_those_loaded_with_it(source, maps, monkeypatch):
    broken, *others = source.events
    made = source._map

    def make(event_id, *, listed):
        if event_id == broken:
            raise Contended("too long")
        return made(event_id, listed=listed)

    monkeypatch.setattr(source, "_map", make)
    asked = [asyncio.create_task(maps.current(event_id)) for event_id in source.events]
    await until_quiet(source, lambda: asyncio.gather(*asked, return_exceptions=True))
    assert isinstance(asked[0].exception(), Contended)
    assert [task.result().event_id for task in asked[1:]] == others


async def test_maps_asked_for_at_the_same_time_are_loaded_together(source, maps):
    await until_quiet(source, lambda: asyncio.gather(*(maps.current(event_id) for event_id in source.events)))
    assert source.loaded == [(4, False)]


async def test_a_large_load_is_not_in_the_way_of_small_ones(source, maps, monkeypatch):
    """It has its own lane and connection."""
    monkeypatch.setattr(map_loads, "SMALL_SEATS_MAX", 3)
    maps = SeatMaps(source, bytes_max=1 << 24, expire=_nothing)
    large, *small = source.events
    source.add_seats(large, 3)
    asking = await loading(source, maps, large)
    for event_id in small:
        assert (await answered(source, maps.current(event_id))).seats == 3
    await until_quiet(source, lambda: asking)
    assert source.loaded == [(1, False)] * 3 + [(1, True)]


async def test_counts_and_unknown_events_load_nothing(source, maps):
    (unknown,) = ordered_ids(1)
    asked = [*source.events, unknown, *source.events]
    found = asyncio.gather(*(maps.standing(event_id) for event_id in asked))
    await until_quiet(source, lambda: found)
    assert [one and one.available for one in await found] == [3, 3, 3, 3, None, 3, 3, 3, 3]
    gone = asyncio.gather(*(maps.current(unknown) for _ in range(5)))
    await until_quiet(source, lambda: gone)
    assert await gone == [None] * 5
    assert source.loaded == []


async def test_seats_that_were_added_are_all_that_is_read(source, maps):
    event_id = next(iter(source.events))
    first = await answered(source, maps.current(event_id, lists=True))
    for _ in range(3):
        source.add_seats(event_id, 2)
        source.write(event_id, ChangeKind.RESERVED, -1)
        assert await answered(source, maps.current(event_id, lists=True)) is first
    assert (first.seats, first.available) == (9, 6)
    assert source.loaded == [(1, False)]
    assert len(source.grown) == 3


async def test_who_joins_a_growing_load_is_not_given_a_map_on_its_way(source, maps, monkeypatch):
    """Only added seats are read, for a map that is then dropped; a later reader wants the whole map, and joins.

    The map has the added seats by then, but is still at its old version.
    """
    monkeypatch.setattr(map_loads, "SMALL_SEATS_MAX", 0)
    monkeypatch.setattr(map_loads, "MEDIUM_SEATS_MAX", 100)
    maps = SeatMaps(source, bytes_max=1 << 24, expire=_nothing)
    event_id, other, *_ = source.events
    await answered(source, maps.current(event_id))
    busy = await loading(source, maps, other)
    source.add_seats(event_id, 2)
    growing = asyncio.create_task(maps.current(event_id))
    await turns()
    source.release(-1)
    await turns()
    maps._maps.drop(event_id)
    joining = asyncio.create_task(maps.current(event_id))
    await turns()
    source.release(-1)
    await turns()
    await until_quiet(source, lambda: asyncio.gather(busy, growing, joining))
    for found in (growing.result(), joining.result()):
        assert (found.version, found.seats, found.grown_until) == (2, 5, None)


async def test_a_long_log_of_a_large_map_is_followed_in_stretches(source, maps, monkeypatch):
    event_id = next(iter(source.events))
    first = await answered(source, maps.current(event_id))
    monkeypatch.setattr("holdfast.application.reading.seat_maps.ENTRIES_MAX", 10)
    for number in range(105):
        source.write(event_id, ChangeKind.CANCELLED if number % 2 else ChangeKind.RESERVED, 0)
    assert await answered(source, maps.current(event_id)) is first
    assert first.version == source.events[event_id].version


async def test_what_keeping_costs_does_not_grow_with_what_is_kept(source, monkeypatch):
    """Sizes are running totals, and even empty maps are limited in number."""
    made = [source._map(event_id, listed=True) for event_id in source.events]
    kept = KeptMaps(bytes_max=1 << 24, maps_max=3)
    for seat_map in made:
        kept.keep(seat_map)
    assert len(kept) == 3
    assert kept.get(made[0].event_id) is None
    assert kept.size_bytes == sum(seat_map.size_bytes for seat_map in made[1:])
    monkeypatch.setattr(kept_maps.SeatMap, "size_bytes", property(lambda one: weighed.append(one) or 1_000))
    weighed: list = []
    kept.keep(made[3])
    assert weighed == [made[3]], "only what comes in is weighed"


async def test_a_count_of_a_hall_on_sale_loads_no_map(engine, database_url):
    sale = await put_on_sale(engine, 4)
    await sale.reserve(engine, 0)
    before = metrics.seat_maps_loaded_total._value.get()
    standing = await engine.views.seat_maps.standing(sale.event_id)
    assert (standing.available, standing.seats, standing.version) == (3, 4, 2)
    await sale.reserve(engine, 1)
    assert (await engine.views.seat_maps.standing(sale.event_id)).available == 2
    await sql(database_url, "UPDATE reservations SET expires_at = now() - interval '1 s'")
    await sql(database_url, "UPDATE claims SET expires_at = now() - interval '1 s'")
    assert (await engine.views.seat_maps.standing(sale.event_id)).available == 4, "holds that ran out count as free"
    assert metrics.seat_maps_loaded_total._value.get() == before


async def test_streams_of_many_events_open_and_live(engine, other_engine, database_url):
    """None of them needs a map, and the loop queries them in slices."""
    sale = await put_on_sale(engine, 2)
    await sql(
        database_url,
        """
        INSERT INTO events (id, name, description, venue, start_at, end_at, total_seats, created_at, updated_at)
        SELECT gen_random_uuid(), 'Event', '', '', now(), now(), 1, now(), now() FROM generate_series(1, 1500)
        """,
    )
    event_ids = [row["id"] for row in await sql(database_url, "SELECT id FROM events")]
    before = metrics.seat_maps_loaded_total._value.get()
    live = engine.views.live_changes
    listeners = await asyncio.gather(*(live.listen(event_id, after=None) for event_id in event_ids))
    assert live.listeners == len(event_ids) == 1501
    frames = listeners[event_ids.index(sale.event_id)].frames()
    await anext(frames)
    await sale.reserve(other_engine, 1)
    async with asyncio.timeout(20):
        assert b'"changes":[[1,1]]' in await anext(frames)
    for listener in listeners:
        listener.stop()
    assert live.listeners == 0
    assert not live._channels
    assert metrics.seat_maps_loaded_total._value.get() == before
