"""The generic search, on a register that has nothing to do with seats."""

from itertools import permutations, product
from random import Random

import pytest
from chaos.checkers.search import Interval, search
from chaos.histories.history import FOREVER


class Register:
    """Steps are ("write", value) and ("read", value)."""

    def step(self, state, step):
        verb, value = step
        if verb == "write":
            return value
        return state if state == value else None

    def idle_for_good(self, step):
        return step[0] == "read"


def verdict(*intervals, configurations_max=20_000):
    return search(
        Register(), 0, [Interval(*interval) for interval in intervals], configurations_max=configurations_max
    ).verdict


def test_a_read_sees_the_write_before_it():
    assert verdict((0, 1, ("write", 7)), (2, 3, ("read", 7))) == "legal"
    assert verdict((0, 1, ("write", 7)), (2, 3, ("read", 0))) == "illegal"


def test_steps_that_touch_may_come_in_either_order():
    assert verdict((0, 2, ("write", 7)), (2, 3, ("read", 0))) == "legal"


def test_two_reads_do_not_see_two_writes_in_two_orders():
    writes = (0, 9, ("write", 1)), (0, 9, ("write", 2))
    assert verdict(*writes, (1, 2, ("read", 1)), (3, 4, ("read", 2))) == "legal"
    assert verdict(*writes, (1, 2, ("read", 1)), (3, 4, ("read", 2)), (5, 6, ("read", 1))) == "illegal"


def test_a_step_without_a_return_happens_at_any_time_or_never():
    write = (0, FOREVER, ("write", 1))
    assert verdict(write, (1, 2, ("read", 0)), (8, 9, ("read", 1))) == "legal"
    assert verdict(write, (1, 2, ("read", 0))) == "legal"
    assert verdict((5, FOREVER, ("write", 1)), (1, 2, ("read", 1))) == "illegal"


def test_it_gives_up_and_says_so():
    writes = [(0, 99, ("write", value)) for value in range(12)]
    assert verdict(*writes, (1, 98, ("read", -1)), configurations_max=100) == "unknown"


def test_the_witness_is_the_step_that_cannot_be():
    wrong = Interval(4, 5, ("read", 3))
    finding = search(Register(), 0, [Interval(0, 1, ("write", 1)), Interval(2, 3, ("read", 1)), wrong])
    assert finding.witness is wrong


@pytest.mark.parametrize("seed", range(150))
def test_it_agrees_with_trying_every_order(seed):
    random = Random(seed)
    intervals = []
    for _ in range(5):
        called = random.randrange(12)
        step = (random.choice(("write", "read")), random.randrange(3))
        returned = FOREVER if random.random() < 0.2 else called + random.randrange(6)
        intervals.append(Interval(called, returned, step))
    expected = "legal" if _some_order_explains(intervals) else "illegal"
    assert search(Register(), 0, intervals).verdict == expected


def _some_order_explains(intervals):
    """Try all subsets of the operations that never returned, in all orders."""
    for chosen in product((True, False), repeat=len(intervals)):
        took = [interval for interval, kept in zip(intervals, chosen, strict=True) if kept]
        left_out = [interval for interval, kept in zip(intervals, chosen, strict=True) if not kept]
        if any(interval.returned_ns < FOREVER for interval in left_out):
            continue
        if any(_explains(order) for order in permutations(took)):
            return True
    return False


def _explains(order):
    state, now = 0, 0
    for interval in order:
        now = max(now, interval.called_ns)
        if now > interval.returned_ns:
            return False
        state = Register().step(state, interval.step)
        if state is None:
            return False
    return True
