"""Places of areas and companion seats in histories: legal ones are accepted, and every injected fault is found."""

from dataclasses import replace as with_fields
from random import Random

import pytest
from chaos.checkers.traced_checker import check
from chaos.histories.operation import Operation
from chaos.mutations.special_seats import SPECIAL_SEAT_MUTATIONS
from chaos.mutations.specimen import Specimen
from chaos.simulation.clients import CHANGING, RESTLESS, Scenario, simulate
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from simulated_runs import LOST_ANSWERS, ONE_CLOCK, scenarios, settled, unhurried

runs = scenarios(
    lost_answers=LOST_ANSWERS,
    kinds=st.sampled_from([RESTLESS, CHANGING]),
    places=st.integers(0, 4),
    companions=st.integers(0, 3),
    channel=st.sampled_from(["", "", "fans"]),
)
LONG = Scenario(seed=5, operations=2_000, seats=12, hold_ns=200_000, kinds=RESTLESS, places=4, companions=3)


@unhurried()
@given(runs)
def test_what_a_correct_service_did_is_accepted(scenario):
    run = simulate(scenario)
    assert check(settled(run), run.rows, ONE_CLOCK).violations == []


@pytest.mark.parametrize(
    ("mutate", "rule"), SPECIAL_SEAT_MUTATIONS, ids=[mutate.__name__ for mutate, _ in SPECIAL_SEAT_MUTATIONS]
)
@unhurried(25)
@given(scenario=runs, random=st.randoms(use_true_random=False))
def test_every_injected_fault_is_found(mutate, rule, scenario, random):
    run = simulate(scenario)
    mutant = mutate(Specimen(settled(run), run.rows, complete=True), random)
    if mutant is not None:
        assert rule in check(*mutant, ONE_CLOCK).rules_broken


@pytest.mark.parametrize("mutate", [mutate for mutate, _ in SPECIAL_SEAT_MUTATIONS], ids=lambda one: one.__name__)
def test_a_long_history_has_a_place_for_every_fault(mutate):
    run = simulate(LONG)
    assert mutate(Specimen(settled(run), run.rows, complete=True), Random(1)) is not None


@pytest.mark.parametrize("code", ["area_by_count", "companion_alone"])
def test_a_refusal_without_such_a_seat_is_found(code):
    run = simulate(LONG)
    operations: list[Operation] = settled(run)
    assert code in {operation.answer for operation in operations}
    place = next(
        place
        for place, one in enumerate(operations)
        if one.answer == "seats_unavailable" and one.kind == "reserve" and set(one.seats) <= {"s0", "s6", "s7"}
    )
    operations[place] = replace(operations[place], answer=code, named=())
    assert check(operations, run.rows, ONE_CLOCK).rules_broken == {"wrong_refusal"}


def test_holds_are_extended_as_often_as_the_assumptions_say():
    run = simulate(Scenario(seed=5, operations=2_000, seats=12, hold_ns=200_000, kinds=CHANGING))
    fewer = with_fields(ONE_CLOCK, extensions_max=1)
    assert check(settled(run), run.rows, fewer).rules_broken == {"extension_limit"}
