"""Means that grow with a transaction are found again in samples that were made with them."""

import pytest
from onsale.measure.fit import QUANTILES, cost_of, fit_steps, quantiles
from onsale.measure.requests import request_cost
from onsale.measure.steps import SHAPES, Sample
from onsale.validate.loads import Seen
from onsale.validate.real import Spent

from holdfast.cli.sizing.measured import STEPS
from reckonable_times import known


def samples_of(step, *, wait, flush=0.0):
    sizes = [(events, events * commands, events * commands * seats) for events, commands, seats in SHAPES]
    made = []
    for events, commands, seats in sizes:
        node, postgres = (80 + 9 * events + 7 * commands + 2 * seats) / 1e6, (300 + 20 * commands) / 1e6
        made.append(Sample(step, events, commands, seats, node, postgres, node + postgres + (wait + flush) / 1e6))
    return made


def test_what_samples_were_made_with_is_found_again():
    samples = [sample for name in STEPS for sample in samples_of(name, wait=50, flush=400 if name == "commit" else 0)]
    steps, flush = fit_steps(samples)
    for step in steps.values():
        assert (step.node.fixed, step.node.event) == pytest.approx((80, 9), rel=0.01)
        assert (step.node.command, step.node.seat) == pytest.approx((7, 2), rel=0.01)
        assert step.postgres.command == pytest.approx(20, rel=0.01)
        assert step.wait == pytest.approx(50)
        assert step.spread[0] == pytest.approx(1.0, rel=0.01)
    assert flush[QUANTILES // 2] == pytest.approx(400, rel=0.01)


def test_nothing_gets_cheaper_by_more_of_it():
    samples = samples_of("load", wait=0)
    falling = [100 - sample.events for sample in samples]
    cost = cost_of(samples, falling)
    assert cost.event == 0.0
    assert min(cost.fixed, cost.command, cost.seat) >= 0


def test_a_request_is_what_is_left_of_a_load_s_cpu():
    steps = known(node=100.0).steps
    loads = []
    for commands in (8.0, 64.0):
        of_transaction = 4 * 100 / commands
        spent = {"server": 90 + of_transaction, "Redis": 5 + 40 / commands, "load generator": 15.0}
        loads.append((Seen(1.0, 1.0, 1.0, commands), Spent(spent, gate_calls=2 / commands)))
    request = request_cost(dict(steps), loads)
    assert (request.node, request.redis_call, request.redis_each) == pytest.approx((90, 40, 5), abs=0.1)


def test_quantiles_go_from_the_least_to_nearly_the_greatest():
    found = quantiles([float(n) for n in range(10_001)])
    assert (len(found), found[0]) == (QUANTILES, 0.0)
    assert found[-1] == pytest.approx(9_990)
