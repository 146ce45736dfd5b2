"""Seats chosen in batches: on one node and on several, beside named seats, and from free seats that are out of date."""

import asyncio
import random
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from box_office import assert_promises_hold, event_locked, let_holds_run_out, open_engine, put_on_sale, sql
from holdfast.application.booking.cancel import cancel
from holdfast.application.booking.expire import expire_overdue
from holdfast.application.booking.seatings.seatings import Seatings
from holdfast.application.catalogue.add_seats import add_seats
from holdfast.application.failures import Unavailable
from holdfast.domain.booking.choosing.wish import Together
from holdfast.domain.booking.commands import Done, Postponed
from holdfast.domain.booking.refusals import NotEnoughSeats, NotTogether, SeatsUnavailable
from holdfast.domain.catalogue.seat import numbered_seats
from holdfast.domain.refusal import Refusal
from holdfast.telemetry import metrics
from seated import put_hall


@asynccontextmanager
async def nodes_on(database_url, nodes, redis_url=None):
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(open_engine(database_url, redis_url)) for _ in range(nodes)]


def loads() -> float:
    return metrics.seatings_loaded_total._value.get()


@pytest.mark.parametrize("nodes", [1, 2, 3])
@pytest.mark.parametrize("with_redis", [True, False])
async def test_nobody_in_a_crowd_is_refused_while_enough_seats_fit(database_url, redis_url, nodes, with_redis):
    """Groups who leave the choice to us and buyers of single named seats, all at once, until everything is sold."""
    dice = random.Random(nodes)
    async with nodes_on(database_url, nodes, redis_url if with_redis else None) as engines:
        sale = await put_on_sale(engines[0], 300)
        await put_hall(database_url, sale.event_id, rows=15, row_seats=20)
        calls = []
        for number in range(100):
            engine = engines[number % nodes]
            calls.append(sale.reserve_best(engine, dice.randint(1, 5), user=f"user {number}"))
            if number % 3 == 0:
                calls.append(sale.reserve(engine, dice.randrange(300), user=f"user {number}"))
        answers = await asyncio.gather(*calls, return_exceptions=True)
        held = [seat for answer in answers if isinstance(answer, Done) for seat in answer.reservation.seat_ids]
        assert len(held) == len(set(held))
        refused = [answer for answer in answers if not isinstance(answer, Done)]
        assert all(isinstance(answer, SeatsUnavailable | NotEnoughSeats) for answer in refused), refused
        for answer in refused:
            if isinstance(answer, NotEnoughSeats):
                assert answer.data["left"] < answer.data["wanted"]
        left = 300 - len(held)
        if left:
            with pytest.raises(NotEnoughSeats) as told:
                await sale.reserve_best(engines[-1], 20, user="late")
            assert told.value.data["left"] == left
    await assert_promises_hold(database_url)


async def test_several_events_share_a_transaction(database_url):
    async with open_engine(database_url) as engine:
        sales = [await put_on_sale(engine, 4) for _ in range(3)]
        for sale in sales:
            await engine.booking.seatings.load(sale.event_id)
        before = metrics.batches_total._value.get()
        submitted = [
            asyncio.create_task(engine.booking.batcher.submit(sale.event_id, wish))
            for sale in sales
            for wish in (sale.best(2), sale.wish(0), sale.best(2, user="bob"))
        ]
        outcomes = [outcome for outcome, _ in await asyncio.gather(*submitted)]
        assert metrics.batches_total._value.get() == before + 1
        assert [isinstance(outcome, Done) for outcome in outcomes] == [True, False, True] * 3
    await assert_promises_hold(database_url)


async def test_named_seats_releases_and_expiries_of_the_same_batch_count(database_url):
    async with open_engine(database_url) as engine:
        sale = await put_on_sale(engine, 4)
        first = await sale.reserve_best(engine, 4)
        await let_holds_run_out(database_url, first.reservation.id)
        submitted = [
            asyncio.create_task(engine.booking.batcher.submit(sale.event_id, wish))
            for wish in (sale.wish(1, user="bob"), sale.best(2, together=Together.REQUIRED), sale.best(2))
        ]
        named, chosen, lacking = [outcome for outcome, _ in await asyncio.gather(*submitted)]
        assert isinstance(named, Done)
        assert chosen.reservation.seat_ids == sale.seats[2:4]
        assert isinstance(lacking.refusal, NotEnoughSeats)
    await assert_promises_hold(database_url)


async def test_other_nodes_sales_are_followed_from_the_log(database_url):
    async with nodes_on(database_url, 2) as (here, there):
        sale = await put_on_sale(here, 6)
        await sale.reserve_best(here, 1)
        loaded = loads()
        named = await sale.reserve(there, 1, 2)
        assert (await sale.reserve_best(here, 2)).reservation.seat_ids == sale.seats[3:5]
        await cancel(there.booking, reservation_id=named.reservation.id, user_id="ann")
        assert (await sale.reserve_best(here, 2)).reservation.seat_ids == sale.seats[1:3]
        assert loads() == loaded
    await assert_promises_hold(database_url)


async def test_after_a_change_of_the_chart_the_seats_are_loaded_again(database_url):
    async with open_engine(database_url) as engine:
        sale = await put_on_sale(engine, 2)
        await sale.reserve_best(engine, 2)
        await add_seats(engine.catalogue, sale.event_id, numbered_seats(prefix="B", count=2, price=700))
        done = await sale.reserve_best(engine, 2)
        assert done.reservation.total_amount == 1_400
    await assert_promises_hold(database_url)


@pytest.mark.parametrize("lost", ["another entry", "fewer entries"])
async def test_a_log_that_lost_its_end_in_a_failover_is_noticed(database_url, lost):
    """The node still shows a hold that the new primary has never heard of."""
    async with open_engine(database_url) as engine:
        sale = await put_on_sale(engine, 4)
        await sale.reserve_best(engine, 4, user="lost")
        await sql(
            database_url,
            """
            DELETE FROM claims; DELETE FROM reservations; DELETE FROM changes WHERE kind = 'reserved';
            UPDATE events SET version = version - 1, available = 4, reserved = 0, pending_reservations = 0
            """,
        )
        if lost == "another entry":
            async with open_engine(database_url) as other:
                await sale.reserve(other, 0, user="bob")
        wanted = 3 if lost == "another entry" else 4
        done = await sale.reserve_best(engine, wanted)
        assert done.reservation.seat_ids == sale.seats[4 - wanted :]
    await assert_promises_hold(database_url)


async def test_a_seat_that_is_wrongly_taken_for_free_is_refused_by_the_claims_and_loaded_again(database_url):
    async with open_engine(database_url) as engine:
        sale = await put_on_sale(engine, 4)
        await sale.reserve(engine, 0, 1, user="bob")
        await engine.booking.seatings.load(sale.event_id)
        free = engine.booking.seatings._kept[sale.event_id].free
        for seat_id in sale.seats[:2]:
            free.change(seat_id, free=True)
        assert (await sale.reserve_best(engine, 2)).reservation.seat_ids == sale.seats[2:]
    await assert_promises_hold(database_url)


async def test_nobody_is_refused_while_seats_of_overdue_holds_would_fit(database_url, monkeypatch):
    """Far more holds have run out than one batch expires, and nobody else has noticed."""
    monkeypatch.setattr("holdfast.application.booking.batching.write.CHOOSING_OVERDUE_MAX", 5)
    async with open_engine(database_url) as engine:
        object.__setattr__(engine.booking.batcher._bounds, "overdue_max", 2)
        sale = await put_on_sale(engine, 30)
        await asyncio.gather(*(sale.reserve(engine, place, user=f"user {place}") for place in range(30)))
        await let_holds_run_out(database_url)
        done = await sale.reserve_best(engine, 15, together=Together.REQUIRED)
        assert len(done.reservation.seat_ids) == 15
        left = sorted(set(range(30)) - {sale.seats.index(seat) for seat in done.reservation.seat_ids})
        await sale.reserve(engine, left[7], user="bob")
        with pytest.raises(NotTogether):
            await sale.reserve_best(engine, 10, together=Together.REQUIRED)
    await assert_promises_hold(database_url)


async def test_what_cannot_be_followed_is_loaded_before_the_lock_and_not_under_it(database_url):
    """While another session has the event locked, its seats are loaded all the same."""
    async with open_engine(database_url) as engine:
        sale = await put_on_sale(engine, 4)
        async with event_locked(database_url, sale.event_id):
            await asyncio.wait_for(engine.booking.seatings.load(sale.event_id), 5)
            waiting = asyncio.create_task(sale.reserve_best(engine, 2))
            await asyncio.sleep(0)
        assert (await waiting).reservation.seat_ids == sale.seats[:2]


async def test_a_command_that_finds_no_seats_loaded_is_postponed_and_changes_nothing(database_url):
    async with open_engine(database_url) as engine:
        sale = await put_on_sale(engine, 4)
        outcome, _ = await engine.booking.batcher.submit(sale.event_id, sale.best(2))
        assert outcome == Postponed(load=True)
        assert (await sale.reserve_best(engine, 2)).version == 2


async def test_the_seats_of_few_events_are_kept(database_url):
    async with open_engine(database_url) as engine:
        sales = [await put_on_sale(engine, seats) for seats in (40, 30, 50)]
        seatings = engine.booking.seatings
        seatings._seats_max = 100
        for sale in sales:
            await seatings.load(sale.event_id)
        assert list(seatings._kept) == [sale.event_id for sale in sales[1:]]
        await sale.reserve_best(engine, 1)
        await seatings.load(sales[0].event_id)
        assert list(seatings._kept) == [sales[2].event_id, sales[0].event_id]
        assert seatings._seats == 90


async def test_a_failing_load_fails_those_who_asked_and_nobody_later(database_url):
    class Failing:
        def __init__(self, source):
            self._source, self.failures = source, 1

        async def chart(self, event_id):
            if self.failures:
                self.failures -= 1
                raise Unavailable("away", outcome="none")
            return await self._source.chart(event_id)

    async with open_engine(database_url) as engine:
        sale = await put_on_sale(engine, 4)
        seatings = Seatings(Failing(engine.booking.seatings._source))
        asked = await asyncio.gather(*(seatings.load(sale.event_id) for _ in range(3)), return_exceptions=True)
        assert [type(answer) for answer in asked] == [Unavailable] * 3
        await seatings.load(sale.event_id)
        assert list(seatings._kept) == [sale.event_id]


async def test_an_event_without_seats_or_without_a_row_has_none_to_choose(database_url):
    async with open_engine(database_url) as engine:
        sale = await put_on_sale(engine, 1)
        await sql(database_url, "DELETE FROM seats; UPDATE events SET available = 0")
        with pytest.raises(NotEnoughSeats):
            await sale.reserve_best(engine, 1)
        await sql(database_url, "DELETE FROM changes; DELETE FROM events")
        with pytest.raises(Refusal, match="no event"):
            await sale.reserve_best(engine, 1)
        await expire_overdue(engine.booking.batcher, sale.event_id)
