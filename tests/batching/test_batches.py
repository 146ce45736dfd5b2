"""Which commands share a transaction, in which order, and which are refused because the queues are full."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from box_office import (
    assert_promises_hold,
    event_locked,
    log_locked,
    open_engine,
    outcome_of,
    put_on_sale,
    reservations_of,
    sql,
    until,
)
from holdfast.application.identifiers import uuid7
from holdfast.domain.booking.commands import Cancel, Confirm, Done, Expire, Refused
from holdfast.domain.catalogue.refusals import EventNotFound
from holdfast.infrastructure.postgres.booking import batch_store
from holdfast.telemetry import metrics


@asynccontextmanager
async def gathering(database_url, engine, sale):
    """Inside this block a first batch waits for the event's lock, so everything submitted queues up behind it."""
    async with event_locked(database_url, sale.event_id):
        first = asyncio.create_task(engine.booking.batcher.submit(sale.event_id, Expire(1)))
        await until(lambda: first_is_under_way(engine) and not engine.booking.batcher.waiting)
        yield
    await first


def first_is_under_way(engine):
    return bool(engine.booking.batcher._runner.under_way)


def submit_all(engine, sale, commands):
    return [asyncio.create_task(engine.booking.batcher.submit(sale.event_id, command)) for command in commands]


async def test_an_idle_event_decides_one_command_at_once(database_url):
    async with open_engine(database_url) as engine:
        sale = await put_on_sale(engine)
        outcome, batch = await engine.booking.batcher.submit(sale.event_id, sale.wish(0))
        _, next_batch = await engine.booking.batcher.submit(sale.event_id, sale.wish(1))
    assert isinstance(outcome, Done)
    assert next_batch == batch + 1


async def test_a_batch_has_at_most_256_commands(database_url):
    async with open_engine(database_url) as engine:
        sale = await put_on_sale(engine, 300)
        async with gathering(database_url, engine, sale):
            answers = submit_all(engine, sale, [sale.wish(place) for place in range(300)])
            await asyncio.sleep(0)
        batches = [batch for _, batch in await asyncio.gather(*answers)]
    assert [batches.count(batch) for batch in sorted(set(batches))] == [256, 44]
    await assert_promises_hold(database_url)


async def test_a_batch_has_at_most_1000_seats(database_url):
    async with open_engine(database_url) as engine:
        sale = await put_on_sale(engine, 1_220)
        wishes = [sale.wish(*range(20 * number, 20 * number + 20)) for number in range(61)]
        async with gathering(database_url, engine, sale):
            answers = submit_all(engine, sale, wishes)
            await asyncio.sleep(0)
        batches = [batch for _, batch in await asyncio.gather(*answers)]
    assert [batches.count(batch) for batch in sorted(set(batches))] == [50, 11]
    await assert_promises_hold(database_url)


async def test_confirmations_and_cancellations_go_ahead(database_url):
    async with open_engine(database_url, batch_commands_max=2) as engine:
        sale = await put_on_sale(engine, 6)
        held, other = await sale.reserve(engine, 0), await sale.reserve(engine, 1)
        async with gathering(database_url, engine, sale):
            wishes = submit_all(engine, sale, [sale.wish(2), sale.wish(3), sale.wish(1, user="bob")])
            urgent = submit_all(
                engine, sale, [Confirm(held.reservation.id, "ann"), Cancel(other.reservation.id, "ann")]
            )
            await asyncio.sleep(0)
        (_, first), (_, second) = await asyncio.gather(*urgent)
        later = await asyncio.gather(*wishes)
    assert first == second < min(batch for _, batch in later)
    assert all(isinstance(outcome, Done) for outcome, _ in later), "the cancelled seat is free for the wish"


async def test_the_queue_of_an_event_is_bounded(database_url):
    rejected = metrics.commands_rejected_total.labels("event_queue_full")
    before = rejected._value.get()
    async with open_engine(database_url, event_queue_max=3) as engine:
        sale = await put_on_sale(engine)
        other = await put_on_sale(engine)
        async with gathering(database_url, engine, sale):
            waiting = submit_all(engine, sale, [sale.wish(place) for place in range(3)])
            await asyncio.sleep(0)
            assert await outcome_of(engine.booking.batcher.submit(sale.event_id, sale.wish(3))) == "none"
            assert isinstance((await engine.booking.batcher.submit(other.event_id, other.wish(0)))[0], Done)
        assert all(isinstance(outcome, Done) for outcome, _ in await asyncio.gather(*waiting))
    assert rejected._value.get() == before + 1


async def test_the_queues_of_a_process_are_bounded(database_url):
    settled = []
    async with open_engine(database_url, event_queue_max=3, process_queue_max=3) as engine:
        sale = await put_on_sale(engine)
        other = await put_on_sale(engine)
        async with gathering(database_url, engine, sale):
            waiting = submit_all(engine, sale, [sale.wish(place) for place in range(3)])
            await asyncio.sleep(0)
            assert engine.booking.batcher.overflowing
            refused = engine.booking.batcher.submit(
                other.event_id, other.wish(0), on_finished=lambda: settled.append("refused")
            )
            assert await outcome_of(refused) == "none"
        await asyncio.gather(*waiting)
        assert not engine.booking.batcher.overflowing
    assert settled == ["refused"]


async def test_a_command_that_waited_too_long_is_answered_while_the_transaction_still_hangs(database_url):
    settled, go_on = [], asyncio.Event()

    class Hanging(batch_store.PostgresBatchTransaction):
        async def load(self, event_id, closure):
            await go_on.wait()
            return await super().load(event_id, closure)

    async with open_engine(database_url, queue_wait_seconds_max=0.1) as engine:
        sale = await put_on_sale(engine)
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(batch_store, "PostgresBatchTransaction", Hanging)
            first = asyncio.create_task(engine.booking.batcher.submit(sale.event_id, Expire(1)))
            await until(lambda: first_is_under_way(engine))
            late = engine.booking.batcher.submit(
                sale.event_id, sale.wish(0), on_finished=lambda: settled.append("late")
            )
            assert await outcome_of(late) == "none"
            assert settled == ["late"]
            assert engine.booking.batcher.waiting == 0
            assert not first.done()
            go_on.set()
            await first
    assert await reservations_of(database_url, sale.event_id) == []


async def test_a_client_that_goes_away_before_its_batch_reserves_nothing(database_url):
    settled = []
    async with open_engine(database_url, batch_seats_max=20) as engine:
        sale = await put_on_sale(engine, 25)
        async with gathering(database_url, engine, sale):
            gone = asyncio.create_task(
                engine.booking.batcher.submit(
                    sale.event_id, sale.wish(*range(20)), on_finished=lambda: settled.append("gone")
                )
            )
            stays = submit_all(engine, sale, [sale.wish(20), sale.wish(21)])
            await asyncio.sleep(0)
            gone.cancel()
            await asyncio.gather(gone, return_exceptions=True)
        batches = {batch for _, batch in await asyncio.gather(*stays)}
    assert len(batches) == 1, "the seats of one who left take no room"
    assert settled == ["gone"]
    assert {row["seat_ids"][0] for row in await reservations_of(database_url, sale.event_id)} == set(sale.seats[20:22])


async def test_a_client_that_goes_away_during_its_batch_is_served_all_the_same(database_url):
    settled = []
    async with open_engine(database_url) as engine:
        sale = await put_on_sale(engine)
        async with log_locked(database_url):
            gone = asyncio.create_task(
                engine.booking.batcher.submit(sale.event_id, sale.wish(0), on_finished=lambda: settled.append("gone"))
            )
            await until(lambda: first_is_under_way(engine))
            gone.cancel()
            await asyncio.gather(gone, return_exceptions=True)
            assert settled == [], "its seats stay locked while a transaction works on them"
        await engine.booking.batcher.submit(sale.event_id, Expire(1))
        assert settled == ["gone"]
    assert len(await reservations_of(database_url, sale.event_id)) == 1


async def test_a_batch_that_takes_too_long_is_answered_none_before_its_commit(database_url):
    async with open_engine(database_url, batch_seconds_max=0.2) as engine:
        sale = await put_on_sale(engine)
        async with event_locked(database_url, sale.event_id):
            assert await outcome_of(engine.booking.batcher.submit(sale.event_id, sale.wish(0))) == "none"


async def test_an_event_that_never_was_is_not_locked_and_not_committed(database_url):
    async with open_engine(database_url) as engine:
        sale = await put_on_sale(engine)
        outcome, _ = await engine.booking.batcher.submit(uuid7(), sale.wish(0))
    assert isinstance(outcome, Refused)
    assert isinstance(outcome.refusal, EventNotFound)


async def test_events_are_written_side_by_side(database_url):
    async with open_engine(database_url) as engine:
        one, other = await put_on_sale(engine), await put_on_sale(engine)
        async with gathering(database_url, engine, one):
            assert not (await other.reserve(engine, 0)).replayed


class TestClosing:
    async def test_what_is_at_hand_is_finished(self, database_url):
        async with open_engine(database_url) as engine:
            sale = await put_on_sale(engine)
            answers = submit_all(engine, sale, [sale.wish(place) for place in range(3)])
            await asyncio.sleep(0)
        assert all(isinstance(outcome, Done) for outcome, _ in await asyncio.gather(*answers))
        assert await outcome_of(engine.booking.batcher.submit(sale.event_id, sale.wish(3))) == "none"

    async def test_what_cannot_be_finished_is_answered(self, database_url):
        """Both the batch that hangs and the commands behind it."""
        async with open_engine(database_url, shutdown_seconds=0.2, batch_seconds_max=3600) as engine:
            sale = await put_on_sale(engine)
            locked = event_locked(database_url, sale.event_id)
            await locked.__aenter__()
            hanging = asyncio.create_task(outcome_of(sale.reserve(engine, 0)))
            await until(lambda: first_is_under_way(engine))
            behind = asyncio.create_task(outcome_of(engine.booking.batcher.submit(sale.event_id, sale.wish(1))))
            await asyncio.sleep(0)
        assert await asyncio.gather(hanging, behind) == ["none", "none"]
        await locked.__aexit__(None, None, None)
        assert await reservations_of(database_url, sale.event_id) == []

    async def test_a_desk_that_was_never_used_closes(self, database_url):
        async with open_engine(database_url):
            pass
        assert await sql(database_url, "SELECT 1 FROM events") == []


@pytest.mark.parametrize("_turn", range(2))
async def test_nothing_is_left_behind(database_url, _turn):
    async with open_engine(database_url) as engine:
        sale = await put_on_sale(engine)
        await asyncio.gather(*(sale.reserve(engine, place) for place in range(4)))
        await asyncio.sleep(0)
        assert not engine.booking.batcher._queues
        assert engine.booking.batcher._queues._queues == {}
        assert not engine.booking.batcher._locked
        assert engine.booking.batcher._writers == set()
        assert engine.booking.batcher._runner.under_way == set()
        idle = await sql(
            database_url,
            "SELECT count(*) AS many FROM pg_stat_activity "
            "WHERE datname = current_database() AND state LIKE 'idle in transaction%'",
        )
        assert idle[0]["many"] == 0
