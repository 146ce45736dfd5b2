"""What many requests for one seat cost PostgreSQL, by the server's own metrics."""

import asyncio
from dataclasses import replace

from races.calls import perform, perform_together, reserve_call
from races.ledger import assert_sound, by_code

WRITES_MAX = 3
READS_MAX = 50


async def test_three_hundred_callers_on_one_seat_cost_a_few_reads_and_at_most_three_writes(engine, ledger, counted):
    for _ in range(3):
        event_id, [seat_id] = await ledger.add_event(seats=1)
        writes, reads = counted("holdfast_batches_total"), counted("holdfast_shared_reads_total")

        calls = [reserve_call(event_id, f"buyer-{number}", [seat_id]) for number in range(300)]
        answers = await perform_together(engine, calls, start_at=0)

        assert by_code(answers) == {"done": 1, "seats_unavailable": 299}
        assert writes() <= WRITES_MAX
        assert reads() <= READS_MAX
    await assert_sound(ledger)


class LateGate:
    """The gate, with delayed responses."""

    def __init__(self, gate):
        self._gate = gate
        self.answers_arrive = asyncio.Event()
        self.release = gate.release

    async def acquire(self, event_id, wish):
        passed = await self._gate.acquire(event_id, wish)
        await self.answers_arrive.wait()
        return passed


async def test_a_wish_whose_seat_is_sold_while_it_stands_at_the_gate_costs_no_write(engine, ledger, counted):
    event_id, [seat_id] = await ledger.add_event(seats=1)
    gate = LateGate(engine.booking.gate)
    late = [reserve_call(event_id, f"late-{number}", [seat_id]) for number in range(20)]
    late_engine = replace(engine, booking=replace(engine.booking, gate=gate))
    waiting = asyncio.create_task(perform_together(late_engine, late, start_at=0))
    await asyncio.sleep(0.05)
    writes = counted("holdfast_batches_total")

    sold = await perform(engine, reserve_call(event_id, "ann", [seat_id]))
    gate.answers_arrive.set()

    assert sold.done
    assert by_code(await waiting) == {"seats_unavailable": 20}
    assert writes() == 1
    assert (await perform(engine, reserve_call(event_id, "ann", [seat_id]))).replayed
    await assert_sound(ledger)


async def test_five_thousand_callers_at_once_cost_no_more_writes(engine, ledger, counted):
    event_id, [seat_id] = await ledger.add_event(seats=1)
    writes = counted("holdfast_batches_total")

    calls = [reserve_call(event_id, f"buyer-{number}", [seat_id]) for number in range(5_000)]
    answers = await perform_together(engine, calls, start_at=0)

    assert by_code(answers) == {"done": 1, "seats_unavailable": 4_999}
    assert writes() <= WRITES_MAX
    await assert_sound(ledger)


async def test_ten_thousand_calls_on_one_seat_cost_at_most_three_writes(engine, ledger, counted):
    event_id, [seat_id] = await ledger.add_event(seats=1)
    writes = counted("holdfast_batches_total")

    sold = 0
    for wave in range(20):
        calls = [reserve_call(event_id, f"buyer-{wave}-{number}", [seat_id]) for number in range(500)]
        codes = by_code(await perform_together(engine, calls, start_at=0))
        assert set(codes) <= {"done", "seats_unavailable"}
        sold += codes["done"]

    assert sold == 1
    assert writes() <= WRITES_MAX
    await assert_sound(ledger)
