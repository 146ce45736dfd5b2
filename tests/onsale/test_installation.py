"""The simulated engine on cases that can be reckoned by hand, and its rules against those of the real one."""

from dataclasses import replace

import pytest
from onsale.crowd.hot_event import HotEvent, sell
from onsale.installation import batcher, gate, locked_events, process, queues
from onsale.installation.queues import Bounds
from onsale.installation.times import Times

from holdfast.application.booking.batching import batcher as real_batcher
from holdfast.application.booking.batching import bounds as real_bounds
from holdfast.application.booking.batching import locked_events as real_locked_events
from holdfast.application.booking.batching import queues as real_queues
from holdfast.http.protocol import admission
from holdfast.infrastructure.redis import gate as real_gate
from holdfast.settings import Settings
from reckonable_times import known


def transaction_seconds(commands):
    """Four round trips of 100 + 200 + 10 n + 50 µs, and a flush of 1 ms."""
    return (4 * (350 + 10 * commands) + 1_000) / 1e6


@pytest.mark.parametrize("callers", [1, 16, 64, 256])
def test_one_process_writes_all_callers_in_one_batch(callers):
    """All wait for one transaction and ask again at its end; the gate adds the wait of its round trip."""
    one = HotEvent(processes=1, callers=callers)
    sold = sell(one, known(), seconds=0.3, varied=False)
    cycle = transaction_seconds(callers) + 50e-6
    # The first who asks again begins a batch alone, so two batches take turns: one caller, and all others.
    if callers == 1:
        assert sold.per_second == pytest.approx(1 / cycle, rel=0.01)
        assert sold.p50 == pytest.approx(cycle, rel=0.01)
    assert sold.commands <= callers
    assert sold.busy_answers == 0


def test_full_batches_sell_what_the_formula_says():
    sold = sell(HotEvent(processes=1, callers=1_024), known(), seconds=0.7, varied=False)
    assert sold.commands == 256
    assert sold.per_second == pytest.approx(256 / transaction_seconds(256), rel=0.04)
    held = known().held_seconds(256, 256, commit_seconds=0.001)
    assert held == pytest.approx(transaction_seconds(256) - (350 + 2560) / 1e6)
    assert sold.lock_busy == pytest.approx(held / transaction_seconds(256), rel=0.02)


def test_several_processes_sell_one_event_no_faster_than_its_lock_is_passed_on():
    held = known().held_seconds(256, 256, commit_seconds=0.001)
    sold = sell(HotEvent(processes=4, callers=768), known(), seconds=0.6, varied=False)
    assert 0.9 <= sold.lock_busy <= 1.02
    assert sold.per_second <= 256 / held * 1.02


def test_larger_bounds_sell_more_where_a_commit_is_slow():
    rates = [
        sell(
            HotEvent(processes=1, callers=1_024, standby_seconds=0.005, bounds=bounds), known(), seconds=0.3
        ).per_second
        for bounds in (Bounds(commands_max=16), Bounds(commands_max=64), Bounds(commands_max=256))
    ]
    assert rates[0] < rates[1] < rates[2]


def test_who_waits_too_long_is_refused():
    slow = known(request=200.0)
    sold = sell(HotEvent(processes=1, callers=64, bounds=Bounds(queue_seconds_max=0.001)), slow, seconds=0.1)
    assert sold.busy_answers > 0
    crowded = HotEvent(processes=1, callers=64, bounds=Bounds(event_queue_max=8))
    assert sell(crowded, slow, seconds=0.1).busy_answers > 0


def test_equal_seeds_sell_equally_and_others_do_not():
    varied = replace(known(), flush=(500.0, 1_000.0, 4_000.0))
    event = HotEvent(processes=2, callers=32)
    first, again, other = (sell(event, varied, seconds=0.3, seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_times_are_spread_as_measured():
    measured = replace(known(), flush=(0.0, 1_000.0, 10_000.0))
    times = Times(measured, seed=3)
    drawn = [times.flush() for _ in range(20_000)]
    # Half of them evenly below 1 ms, half evenly between 1 and 10 ms.
    assert sum(drawn) / len(drawn) == pytest.approx((0.5 + 5.5) / 2 / 1000, rel=0.03)
    assert Times(measured, 3, flush_seconds=0.005).flush() == 0.005


def test_the_rules_are_those_of_the_real_batcher():
    real = real_bounds.Bounds()
    mine = Bounds()
    assert mine.commands_max == real.commands_max == Settings().batch_commands_max
    assert mine.seats_max == real.seats_max == Settings().batch_seats_max
    assert (mine.event_queue_max, mine.process_queue_max) == (real.event_queue_max, real.process_queue_max)
    assert mine.queue_seconds_max == real.queue_seconds_max == Settings().queue_wait_seconds_max
    assert Settings().connections_max == process.CONNECTIONS_MAX
    assert admission.REQUESTS_PER_TURN == process.REQUESTS_PER_TURN
    assert mine.writers == real.batches_at_once == Settings().write_pool_size
    assert mine.events_max == real.events_max
    assert queues.TOGETHER_COMMANDS_MAX == real_queues.TOGETHER_COMMANDS_MAX
    assert batcher.PATIENCE_SECONDS == real_batcher.PATIENCE_SECONDS
    assert gate.WISHES_MAX == real_gate.WISHES_MAX
    for name in ("POLL_SECONDS", "POLL_SECONDS_PER_EVENT", "TURN_SECONDS", "TURN_SECONDS_MIN"):
        assert getattr(locked_events, name) == getattr(real_locked_events, name)
