"""Small batches of several events that are written in one transaction."""

import asyncio
import random

import pytest

from batching.several_events import (
    SpoiledStore,
    SpoiledTransaction,
    batcher_on,
    put_many_on_sale,
    sold,
    store_of,
    submit_in_one_turn,
    transactions,
)
from box_office import assert_promises_hold, open_engine, put_on_sale, reservations_of, sql
from holdfast.application.booking.batching.queues import TOGETHER_COMMANDS_MAX
from holdfast.application.identifiers import uuid7
from holdfast.domain.booking.commands import Cancel, Confirm, Done, Refused
from holdfast.domain.catalogue.refusals import EventNotFound


async def test_commands_of_events_that_wait_at_the_same_time_share_a_transaction(database_url):
    async with open_engine(database_url) as engine:
        sales = await put_many_on_sale(engine, 5)
        before = transactions()
        wishes = [(sale.event_id, sale.wish(place)) for place in range(2) for sale in sales]
        answers = await asyncio.gather(*submit_in_one_turn(engine.booking.batcher, wishes))
        assert transactions() == before + 1
    assert all(isinstance(outcome, Done) for outcome, _ in answers)
    assert len({batch for _, batch in answers}) == 1
    assert await sold(database_url) == {sale.event_id: 2 for sale in sales}
    await assert_promises_hold(database_url)


async def test_what_waits_for_the_only_transaction_goes_together_in_the_next(database_url):
    is_under_way, go_on = asyncio.Event(), asyncio.Event()

    class Paused(SpoiledTransaction):
        async def lock(self, event_id, **how):
            is_under_way.set()
            await go_on.wait()
            return await self._transaction.lock(event_id, **how)

    async with open_engine(database_url) as engine:
        first, *sales = await put_many_on_sale(engine, 5)
        store = SpoiledStore(store_of(engine), step="none", transactions_are=Paused)
        async with batcher_on(store, batches_at_once=1) as batcher:
            (blocking,) = submit_in_one_turn(batcher, [(first.event_id, first.wish(0))])
            await is_under_way.wait()
            answers = submit_in_one_turn(batcher, [(sale.event_id, sale.wish(0)) for sale in sales])
            await asyncio.sleep(0)
            go_on.set()
            _, number = await blocking
            assert {batch for _, batch in await asyncio.gather(*answers)} == {number + 1}
    await assert_promises_hold(database_url)


async def test_an_event_that_does_not_exist_is_refused_and_the_others_are_served(database_url):
    async with open_engine(database_url) as engine:
        sales = await put_many_on_sale(engine, 3)
        wishes = [(uuid7(), sales[0].wish(1)), *((sale.event_id, sale.wish(0)) for sale in sales)]
        (nowhere, _), *answers = await asyncio.gather(*submit_in_one_turn(engine.booking.batcher, wishes))
    assert isinstance(nowhere, Refused)
    assert isinstance(nowhere.refusal, EventNotFound)
    assert all(isinstance(outcome, Done) for outcome, _ in answers)
    await assert_promises_hold(database_url)


async def test_holds_confirmations_and_cancellations_of_several_events_are_each_done(database_url):
    async with open_engine(database_url) as engine:
        sales = await put_many_on_sale(engine, 4)
        held = [await sale.reserve(engine, 0) for sale in sales]
        before = transactions()
        (new, confirmed, cancelled, both), (first, second, third, _) = sales, [one.reservation.id for one in held]
        commands = [
            (new.event_id, new.wish(1, 2)),
            (confirmed.event_id, Confirm(second, "ann")),
            (cancelled.event_id, Cancel(third, "ann")),
            (both.event_id, Cancel(held[3].reservation.id, "ann")),
            (both.event_id, both.wish(0, user="bob")),
            (new.event_id, new.wish(0, user="bob")),
        ]
        *done, (refused, _) = await asyncio.gather(*submit_in_one_turn(engine.booking.batcher, commands))
        assert transactions() == before + 1
        assert all(isinstance(outcome, Done) for outcome, _ in done)
        assert isinstance(refused, Refused)
    statuses = [[row["status"] for row in await reservations_of(database_url, sale.event_id)] for sale in sales]
    assert statuses == [["pending", "pending"], ["confirmed"], ["cancelled"], ["cancelled", "pending"]]
    assert first == (await reservations_of(database_url, new.event_id))[0]["id"]
    await assert_promises_hold(database_url)


@pytest.mark.parametrize(
    ("step", "after"),
    [("load_locked", False), ("store_together", False), ("store_together", True), ("commit", False), ("commit", True)],
)
async def test_a_group_that_fails_is_written_event_by_event_and_nothing_twice(database_url, step, after):
    async with open_engine(database_url) as engine:
        sales = await put_many_on_sale(engine, 4)
        spoiled = SpoiledStore(store_of(engine), step=step, after=after)
        async with batcher_on(spoiled) as batcher:
            wishes = [(sale.event_id, sale.wish(place)) for sale in sales for place in range(2)]
            answers = await asyncio.gather(*submit_in_one_turn(batcher, wishes))
    assert spoiled.failures == 1
    assert all(isinstance(outcome, Done) and not outcome.replayed for outcome, _ in answers)
    assert await sold(database_url) == {sale.event_id: 2 for sale in sales}
    await assert_promises_hold(database_url)


class TestBounds:
    async def test_one_event_at_most_writes_each_alone(self, database_url):
        async with open_engine(database_url) as engine:
            sales = await put_many_on_sale(engine, 4)
            async with batcher_on(store_of(engine), events_max=1) as batcher:
                wishes = [(sale.event_id, sale.wish(0)) for sale in sales]
                before = transactions()
                answers = await asyncio.gather(*submit_in_one_turn(batcher, wishes))
                assert transactions() == before + 4
        assert len({batch for _, batch in answers}) == 4

    async def test_an_event_with_many_commands_has_its_own_transaction(self, database_url):
        async with open_engine(database_url) as engine:
            hot = await put_on_sale(engine, TOGETHER_COMMANDS_MAX + 1)
            sales = await put_many_on_sale(engine, 3)
            wishes = [
                *((sale.event_id, sale.wish(0)) for sale in sales[:2]),
                *((hot.event_id, hot.wish(place)) for place in range(TOGETHER_COMMANDS_MAX + 1)),
                (sales[2].event_id, sales[2].wish(0)),
            ]
            answers = await asyncio.gather(*submit_in_one_turn(engine.booking.batcher, wishes))
        numbers = [batch for _, batch in answers]
        assert numbers[0] == numbers[1]
        assert len(set(numbers[2:-1])) == 1
        assert len({numbers[0], numbers[2], numbers[-1]}) == 3
        await assert_promises_hold(database_url)


async def test_two_nodes_that_race_on_the_same_events_sell_each_seat_once(database_url):
    chance = random.Random(7)
    async with open_engine(database_url) as engine, open_engine(database_url) as other:
        sales = await put_many_on_sale(engine, 8, seats=6)
        made = []

        async def buy(node, number):
            for _ in range(6):
                sale = chance.choice(sales)
                places = chance.sample(range(6), chance.choice([1, 2]))
                outcome, _ = await node.booking.batcher.submit(sale.event_id, sale.wish(*places, user=f"user-{number}"))
                if isinstance(outcome, Done):
                    made.extend(outcome.reservation.seat_ids)

        await asyncio.gather(*(buy(node, number) for number in range(20) for node in (engine, other)))
    assert len(made) == len(set(made)) > 0
    rows = await sql(database_url, "SELECT unnest(seat_ids) AS seat_id FROM reservations")
    assert sorted(row["seat_id"] for row in rows) == sorted(made)
    await assert_promises_hold(database_url)
