"""What happens to a request before it queues: the memory of taken seats, the shared read, the reservation directory."""

import asyncio
from uuid import UUID

import pytest

from box_office import event_locked, open_engine, put_on_sale, sql
from holdfast.application.booking.cancel import cancel
from holdfast.application.booking.confirm import confirm
from holdfast.application.booking.reservation_directory import ReservationDirectory
from holdfast.application.booking.taken_seats import TakenSeats
from holdfast.domain.booking.refusals import ReservationNotFound, SeatsNotFound, SeatsUnavailable
from holdfast.domain.catalogue.refusals import EventNotFound
from holdfast.telemetry import metrics


def counted(counter, *labels):
    return (counter.labels(*labels) if labels else counter)._value.get()


async def test_the_owner_of_a_taken_seat_is_not_steered_and_others_are_for_a_while(database_url):
    async with open_engine(database_url) as engine:
        sale = await put_on_sale(engine)
        memory = TakenSeats(memory_seconds=0.05)
        mine, theirs = sale.wish(0, 1, key="k"), sale.wish(1, user="bob")
        memory.remember(mine.seat_ids, ("ann", "k"))
        assert not memory.steers(mine)
        assert memory.steers(theirs)
        memory.forget(mine.seat_ids)
        assert not memory.steers(theirs)
        memory.remember(mine.seat_ids, ("ann", "k"))
        await asyncio.sleep(0.1)
        assert not memory.steers(theirs)


async def test_the_memory_is_bounded():
    memory = TakenSeats(seats_max=3)
    memory.remember(tuple(UUID(int=number) for number in range(5)), None)
    assert list(memory._seats) == [UUID(int=number) for number in (2, 3, 4)]


async def test_who_finds_a_seat_taken_is_answered_by_a_read(database_url):
    async with open_engine(database_url) as engine:
        sale = await put_on_sale(engine)
        await sale.reserve(engine, 0)
        batches = counted(metrics.batches_total)
        with pytest.raises(SeatsUnavailable):
            await sale.reserve(engine, 0, 1, user="bob")
        assert counted(metrics.batches_total) == batches


async def test_a_seat_that_was_freed_by_another_node_is_sold_at_once(database_url):
    async with open_engine(database_url, gate_memory_seconds=60) as engine, open_engine(database_url) as other:
        sale = await put_on_sale(engine)
        made = await sale.reserve(engine, 0)
        with pytest.raises(SeatsUnavailable):
            await sale.reserve(engine, 0, user="bob")
        await cancel(other.booking, reservation_id=made.reservation.id, user_id="ann")
        assert (await sale.reserve(engine, 0, user="bob")).reservation.user_id == "bob"


async def test_a_wish_that_loses_at_the_gate_is_told_what_is_true(database_url, redis_url):
    """Its seat is locked by another request. It is not refused because of that, and does not wait for ever."""
    async with open_engine(database_url, redis_url) as engine, open_engine(database_url, redis_url) as other:
        sale = await put_on_sale(engine)
        async with event_locked(database_url, sale.event_id):
            first = asyncio.create_task(sale.reserve(other, 0, 1, user="first"))
            await asyncio.sleep(0.1)
            second = asyncio.create_task(sale.reserve(engine, 1, user="second"))
            replay = asyncio.create_task(sale.reserve(engine, 2, user="third", key="k"))
            await asyncio.sleep(0.1)
            assert not second.done()
        answers = await asyncio.gather(first, second, replay, return_exceptions=True)
    assert sorted(type(answer).__name__ for answer in answers[:2]) == ["Done", "SeatsUnavailable"]


async def test_a_retry_is_answered_although_its_seats_are_remembered_as_taken(database_url):
    async with open_engine(database_url) as engine, open_engine(database_url) as other:
        sale = await put_on_sale(engine)
        made = await sale.reserve(other, 0, key="k")
        with pytest.raises(SeatsUnavailable):
            await sale.reserve(engine, 0, user="bob")
        again = await sale.reserve(engine, 0, key="k")
        assert (again.reservation.id, again.replayed) == (made.reservation.id, True)


async def test_the_read_tells_of_unknown_seats_and_events(database_url):
    async with open_engine(database_url) as engine:
        sale = await put_on_sale(engine)
        engine.booking.taken_seats.remember((UUID(int=404), sale.seats[0]), None)
        stranger = sale.__class__(sale.event_id, (UUID(int=404),))
        with pytest.raises(SeatsNotFound):
            await stranger.reserve(engine, 0)
        nowhere = sale.__class__(UUID(int=404), sale.seats)
        engine.booking.taken_seats.remember(sale.seats, None)
        with pytest.raises(EventNotFound):
            await nowhere.reserve(engine, 0)


class TestOwners:
    async def test_a_reservation_made_elsewhere_is_found_and_remembered(self, database_url):
        async with open_engine(database_url) as engine, open_engine(database_url) as other:
            sale = await put_on_sale(engine)
            made = await sale.reserve(other, 0)
            assert (
                await confirm(engine.booking, reservation_id=made.reservation.id, user_id="ann")
            ).version == made.version + 1
            assert made.reservation.id in engine.booking.directory._remembered

    @pytest.mark.parametrize("verb", [confirm, cancel])
    async def test_somebody_elses_is_not_found_and_costs_no_batch(self, database_url, verb):
        async with open_engine(database_url) as engine:
            sale = await put_on_sale(engine)
            made = await sale.reserve(engine, 0)
            batches = counted(metrics.batches_total)
            for reservation_id in (made.reservation.id, UUID(int=404)):
                with pytest.raises(ReservationNotFound):
                    await verb(engine.booking, reservation_id=reservation_id, user_id="bob")
            assert counted(metrics.batches_total) == batches
        assert (await sql(database_url, "SELECT status FROM reservations"))[0]["status"] == "pending"

    async def test_the_memory_is_bounded(self, database_url):
        async with open_engine(database_url) as engine:
            owners = ReservationDirectory(engine.booking.batcher._runner._store, remembered_max=2)
            for number in range(3):
                owners.remember(UUID(int=number), UUID(int=9), "ann")
            assert list(owners._remembered) == [UUID(int=1), UUID(int=2)]
            with pytest.raises(ReservationNotFound):
                await owners.event_of(UUID(int=0), user_id="ann")
