"""Histories with holds that are extended, get other seats or are released by the seller."""

from random import Random

import pytest
from chaos.checkers.search_checker import check_by_search
from chaos.checkers.traced_checker import check
from chaos.mutations.hold_changes import CHANGE_MUTATIONS
from chaos.mutations.specimen import Specimen
from chaos.simulation.clients import CHANGING, Scenario, simulate
from hypothesis import given
from hypothesis import strategies as st

from simulated_runs import LOST_ANSWERS, ONE_CLOCK, scenarios, settled, unhurried

runs = scenarios(operations_max=250, lost_answers=LOST_ANSWERS, kinds=st.just(CHANGING))


@unhurried()
@given(runs)
def test_both_checkers_accept_what_a_correct_service_did(scenario):
    run = simulate(scenario)
    assert check(settled(run), run.rows, ONE_CLOCK).violations == []
    assert check(settled(run), run.rows).violations == []
    assert check_by_search(settled(run), run.rows.reservations, ONE_CLOCK).illegal == []


@pytest.mark.parametrize(("mutate", "rule"), CHANGE_MUTATIONS, ids=[mutate.__name__ for mutate, _ in CHANGE_MUTATIONS])
@unhurried(25)
@given(scenario=runs, random=st.randoms(use_true_random=False))
def test_every_injected_fault_is_found(mutate, rule, scenario, random):
    run = simulate(scenario)
    mutant = mutate(Specimen(settled(run), run.rows, complete=True), random)
    if mutant is not None:
        operations, rows = mutant
        assert rule in check(operations, rows, ONE_CLOCK).rules_broken


@pytest.mark.parametrize("mutate", [mutate for mutate, _ in CHANGE_MUTATIONS], ids=lambda one: one.__name__)
def test_a_long_history_has_a_place_for_every_fault(mutate):
    run = simulate(Scenario(seed=5, operations=2_000, seats=12, hold_ns=200_000, kinds=CHANGING))
    assert mutate(Specimen(settled(run), run.rows, complete=True), Random(1)) is not None
