"""Each layer alone keeps every seat from being sold twice, and without them all seats are sold twice."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from redis.asyncio import Redis

from holdfast.infrastructure.redis.gate import RedisGate
from races.layers import Layers, storm, weakened_store, wishes_for

WRITERS = 32
SEATS = 6

ALONE = {
    "only the event lock": Layers(event_lock=True),
    "only the guard": Layers(guard=True),
    "only the primary key of claims": Layers(claims_key=True),
}


@pytest.fixture
async def run_storm(database_url, ledger, monkeypatch):
    """Run many writers on new seats with the given layers."""

    async def run(layers, *, overdue_holds=False, gate_of=None):
        event_id, seat_ids = await ledger.add_event(seats=SEATS)
        async with weakened_store(database_url, layers, connections=WRITERS, monkeypatch=monkeypatch) as store:
            if overdue_holds:
                await _hold_and_let_run_out(store, event_id, seat_ids, ledger)
            wishes = wishes_for(event_id, seat_ids, writers=WRITERS)
            return await storm(store, event_id, wishes, gate_of=gate_of, ledger=ledger)

    return run


async def _hold_and_let_run_out(store, event_id, seat_ids, ledger):
    """Put every seat under a hold that is overdue and not yet recorded as expired."""
    for place, seat_id in enumerate(seat_ids):
        [wish] = wishes_for(event_id, [seat_id], writers=1, buyer=f"earlier-{place}")
        sales = await storm(store, event_id, [wish], ledger=ledger)
        [reservation_id] = sales.reservation_ids
        await ledger.let_hold_run_out(str(reservation_id), after_seconds=0)


@pytest.mark.parametrize("layers", ALONE.values(), ids=ALONE.keys())
@pytest.mark.slow
async def test_one_layer_alone_sells_no_seat_twice(run_storm, layers):
    sales = await run_storm(layers)

    assert sales.double_sales == 0
    assert sales.given_up == 0
    assert 0 < len(sales.acknowledged) <= SEATS
    assert sales.refused > 0


@pytest.mark.parametrize("name", ["only the event lock", "only the guard"])
@pytest.mark.slow
async def test_one_layer_alone_sells_no_seat_of_an_expired_hold_twice(run_storm, name):
    """The primary key does not help here: a seat passes from one holder to the next by an UPDATE of its claim."""
    sales = await run_storm(ALONE[name], overdue_holds=True)

    assert sales.double_sales == 0
    assert sales.given_up == 0
    assert 0 < len(sales.acknowledged) <= SEATS


@pytest.mark.parametrize("overdue_holds", [False, True])
async def test_without_any_layer_seats_are_sold_twice(run_storm, overdue_holds):
    """The negative control: if nothing were sold twice here, the tests above would prove nothing."""
    sales = await run_storm(Layers(), overdue_holds=overdue_holds)

    assert sales.double_sales > 0
    assert sales.doubled_in_database > 0
    assert max(sales.acknowledged.values()) > 1


async def test_the_gate_alone_sells_no_seat_twice_while_redis_is_healthy(run_storm, redis_url, counted):
    steered = counted("distributed_lock_duration_seconds_count", operation="acquire", status="failed")
    async with AsyncExitStack() as stack:
        gates = []
        for _ in range(8):
            gate = RedisGate(Redis.from_url(redis_url), lock_seconds=30, call_seconds_max=20)
            stack.push_async_callback(gate.close)
            gates.append(gate)
        sales = await run_storm(Layers(), gate_of=lambda number: gates[number % len(gates)])
        await asyncio.sleep(0.05)
        assert not any(gate.breaker.open for gate in gates)
    assert steered() == 0
    assert sales.double_sales == 0
    assert sales.given_up == 0
    assert 0 < len(sales.acknowledged) <= SEATS
