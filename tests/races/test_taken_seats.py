"""The memory of taken seats: it only decides whether a wish is checked with a read first, not its result."""

import pytest

from builders import ordered_ids
from holdfast.application.booking.taken_seats import TakenSeats
from holdfast.application.identifiers import uuid7
from holdfast.bootstrap.engine import open_engine
from holdfast.domain.booking.commands import Reserve
from races.calls import perform, reserve_call, resolve_call
from races.engine_process import engine_settings
from races.ledger import assert_sound
from races.waiting import until

A, B, C = ordered_ids(3)
ANN = ("ann", "once")


def wish(user_id, *seat_ids):
    return Reserve.wish(
        reservation_id=uuid7(), event_id=uuid7(), user_id=user_id, idempotency_key="once", seat_ids=seat_ids
    )


async def test_it_steers_everybody_but_the_owner():
    memory = TakenSeats()
    memory.remember((A,), ANN)
    assert memory.steers(wish("bob", B, A))
    assert not memory.steers(wish("bob", B))
    assert not memory.steers(wish("ann", A))


async def test_a_seat_taken_by_somebody_unknown_steers_all():
    memory = TakenSeats()
    memory.remember((A,), None)
    assert memory.steers(wish("ann", A))


async def test_it_forgets_by_itself():
    memory = TakenSeats(memory_seconds=0.02)
    memory.remember((A,), ANN)

    async def forgotten():
        return not memory.steers(wish("bob", A))

    await until(forgotten)


async def test_it_forgets_what_was_seen_free_and_the_oldest_when_full():
    memory = TakenSeats(seats_max=2)
    memory.remember((A, B, C), ANN)
    assert [memory.steers(wish("bob", seat_id)) for seat_id in (A, B, C)] == [False, True, True]
    memory.forget((B,))
    assert [memory.steers(wish("bob", seat_id)) for seat_id in (A, B, C)] == [False, False, True]


async def test_a_taken_seat_steers_to_the_database_and_a_freed_one_no_longer(engine, ledger, counted):
    event_id, [seat_id] = await ledger.add_event(seats=1)
    steered = counted("holdfast_gate_steered_total", by="memory")
    writes = counted("holdfast_batches_total")

    ann = await perform(engine, reserve_call(event_id, "ann", [seat_id]))
    bob = await perform(engine, reserve_call(event_id, "bob", [seat_id]))
    assert (ann.code, bob.code, steered(), writes()) == ("done", "seats_unavailable", 1, 1)

    await perform(engine, resolve_call("cancel", ann.reservation_id, "ann"))
    bob = await perform(engine, reserve_call(event_id, "bob", [seat_id]))
    assert (bob.code, steered(), writes()) == ("done", 1, 3)
    await assert_sound(ledger)


async def _cancel_at_another_engine(reservation_id, database_url, redis_url):
    async with open_engine(engine_settings(database_url, redis_url)) as other:
        await perform(other, resolve_call("cancel", reservation_id, "ann"))


@pytest.mark.parametrize("by_cancellation", [True, False])
async def test_a_seat_freed_behind_its_back_is_sold_at_once(engine, ledger, redis_url, counted, by_cancellation):
    event_id, [seat_id] = await ledger.add_event(seats=1)
    ann = await perform(engine, reserve_call(event_id, "ann", [seat_id]))
    if by_cancellation:
        await _cancel_at_another_engine(ann.reservation_id, ledger.database_url, redis_url)
    else:
        await ledger.let_hold_run_out(ann.reservation_id, after_seconds=0)
    steered = counted("holdfast_gate_steered_total", by="memory")

    bob = await perform(engine, reserve_call(event_id, "bob", [seat_id]))

    assert (bob.code, steered()) == ("done", 1)
    await assert_sound(ledger)


async def test_the_owner_finds_the_own_reservation_again(engine, ledger, counted):
    event_id, [seat_id] = await ledger.add_event(seats=1)
    first = await perform(engine, reserve_call(event_id, "ann", [seat_id]))
    steered = counted("holdfast_gate_steered_total", by="memory")
    again = await perform(engine, reserve_call(event_id, "ann", [seat_id]))
    assert (again.reservation_id, again.replayed, steered()) == (first.reservation_id, True, 0)

    await perform(engine, reserve_call(event_id, "bob", [seat_id]))
    again = await perform(engine, reserve_call(event_id, "ann", [seat_id]))
    assert (again.reservation_id, again.replayed) == (first.reservation_id, True)
