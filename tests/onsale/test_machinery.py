"""Queues whose behaviour is known from books."""

import numpy as np
import pytest
from onsale.machinery.clock import Clock
from onsale.machinery.cores import Machine, OwnCore, OwnCores, SharedThread
from onsale.machinery.event_lock import EventLock
from onsale.machinery.log import Log

JOBS = 25_000


def mean_stay(clock, worker, *, per_second, mean_work, seed=5):
    """Poisson arrivals with exponential work; the mean time from arrival to end."""
    random = np.random.default_rng(seed)
    at = np.cumsum(random.exponential(1 / per_second, JOBS)).tolist()
    work = random.exponential(mean_work, JOBS).tolist()
    stays = []

    def arrive(number):
        worker.run(work[number], lambda since: stays.append(clock.now - since), clock.now)
        if number + 1 < JOBS:
            clock.at(at[number + 1], arrive, number + 1)

    clock.at(at[0], arrive, 0)
    clock.run()
    assert len(stays) == JOBS
    return float(np.mean(stays))


@pytest.mark.parametrize("make", [OwnCore, lambda clock: OwnCores(clock, 1), lambda clock: Machine(clock, 1)])
@pytest.mark.parametrize("load", [0.3, 0.7])
def test_one_server_is_an_m_m_1(make, load):
    """In a queue and shared alike, work of mean 1 stays 1 ÷ (1 - load)."""
    clock = Clock()
    assert mean_stay(clock, make(clock), per_second=load, mean_work=1.0) == pytest.approx(1 / (1 - load), rel=0.08)


def test_several_servers_wait_as_erlang_says():
    cores, load = 4, 3.0
    terms = [load**n / np.prod(range(1, n + 1)) for n in range(cores + 1)]
    waits = terms[cores] * cores / (cores - load)
    expected = 1 + waits / (sum(terms[:cores]) + waits) / (cores - load)
    clock = Clock()
    assert mean_stay(clock, OwnCores(clock, cores), per_second=load, mean_work=1.0) == pytest.approx(expected, rel=0.05)


def test_two_busy_cores_are_each_as_slow_as_was_measured():
    clock, ends = Clock(), []
    machine = Machine(clock, 2, both_busy=0.5)
    for _ in range(2):
        machine.run(1.0, lambda _: ends.append(clock.now))
    machine.run(0.5, lambda _: ends.append(clock.now))
    clock.run()
    # Three share two times half a core: after 1.5 s the short one is done. The others have 0.5 left.
    assert ends == pytest.approx([1.5, 2.5, 2.5])
    assert machine.busy == pytest.approx(2.5)


def test_a_thread_on_a_shared_machine_does_one_thing_after_the_other():
    clock, ends = Clock(), []
    thread = SharedThread(clock, Machine(clock, 2))
    thread.run(1.0, lambda _: ends.append(("first", clock.now)))
    thread.run(1.0, lambda _: ends.append(("second", clock.now)), later=0.5)
    clock.run()
    assert ends == [("first", 1.0), ("second", 2.5)]


def test_whoever_commits_during_a_flush_shares_the_next():
    clock, done = Clock(), []
    log = Log(clock, lambda: 1.0)
    for at, name in ((0.0, "a"), (0.1, "b"), (0.9, "c")):
        clock.at(at, lambda name: log.flush(lambda _: done.append((name, clock.now))), name)
    clock.run()
    assert done == [("a", 1.0), ("b", 2.0), ("c", 2.0)]
    assert log.flushes == 2


def test_a_lock_goes_to_those_who_wait_in_their_order_and_not_to_those_who_skip():
    clock, got = Clock(), []
    lock = EventLock(clock)
    assert lock.take()
    lock.wait(5.0, lambda taken: got.append(("first", taken, clock.now)))
    lock.wait(0.5, lambda taken: got.append(("impatient", taken, clock.now)))
    lock.wait(5.0, lambda taken: got.append(("second", taken, clock.now)))
    clock.at(1.0, lambda _: lock.release())
    clock.at(2.0, lambda _: got.append(("skips", lock.take(), clock.now)))
    clock.at(3.0, lambda _: lock.release())
    clock.run()
    assert got == [
        ("impatient", "busy", 0.5),
        ("first", "locked", 1.0),
        ("skips", False, 2.0),
        ("second", "locked", 3.0),
    ]
    assert lock.held_seconds == pytest.approx(3.0)


def test_calls_of_the_same_time_keep_their_order():
    clock, called = Clock(), []
    for number in range(5):
        clock.at(1.0, called.append, number)
    clock.run(0.5)
    assert (clock.now, called) == (0.5, [])
    clock.run()
    assert called == [0, 1, 2, 3, 4]
