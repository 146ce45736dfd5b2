"""Legal histories of every shape are accepted by both checkers, and changed ones are not."""

import pytest
from chaos.checkers.prove import prove
from chaos.checkers.search_checker import check_by_search
from chaos.checkers.self_test import self_test
from chaos.checkers.traced_checker import check
from chaos.mutations.every import MUTATIONS
from chaos.mutations.specimen import Specimen
from chaos.simulation.clients import Scenario, simulate
from hypothesis import given
from hypothesis import strategies as st

from simulated_runs import LOST_ANSWERS, ONE_CLOCK, scenarios, settled, unhurried

runs = scenarios(operations_max=250, lost_answers=LOST_ANSWERS)


@unhurried()
@given(runs)
def test_both_checkers_accept_what_a_correct_service_did(scenario):
    run = simulate(scenario)
    assert check(settled(run), run.rows, ONE_CLOCK).violations == []
    searched = check_by_search(settled(run), run.rows.reservations, ONE_CLOCK)
    assert (searched.illegal, searched.unknown) == ([], 0)


@unhurried()
@given(runs)
def test_without_a_common_clock_they_accept_it_too(scenario):
    run = simulate(scenario)
    assert check(settled(run), run.rows).violations == []
    assert check_by_search(settled(run), run.rows.reservations).illegal == []


WAYS = [(mutate, rule) for family in MUTATIONS.values() for mutate, rule in family.ways]


@pytest.mark.parametrize(("mutate", "rule"), WAYS, ids=[mutate.__name__ for mutate, _ in WAYS])
@unhurried(25)
@given(scenario=runs, random=st.randoms(use_true_random=False))
def test_the_traced_checker_finds_every_injected_fault(mutate, rule, scenario, random):
    run = simulate(scenario)
    mutant = mutate(Specimen(settled(run), run.rows, complete=True), random)
    if mutant is not None:
        operations, rows = mutant
        assert rule in check(operations, rows, ONE_CLOCK).rules_broken


@unhurried()
@given(runs)
@pytest.mark.slow
def test_whatever_the_search_calls_illegal_the_traced_checker_does_too(scenario):
    """Both judge random answers. One ignores versions, the other orders, and they must not contradict each other."""
    run = simulate(scenario)
    for mutate, _ in WAYS:
        mutant = mutate(Specimen(settled(run), run.rows, complete=True), _random(scenario))
        if mutant is not None and check_by_search(mutant[0], mutant[1].reservations, ONE_CLOCK).illegal:
            assert check(*mutant, ONE_CLOCK).violations


def test_a_service_that_archives_is_accepted_and_every_error_of_the_archive_is_found():
    times = {"hold_ns": 20_000, "closes_at_us": 200}
    run = simulate(Scenario(seed=2, operations=500, lost_answers=0.0, archives=True, **times))
    answers = [operation.answer for operation in run.operations]
    assert min(map(answers.count, ("archived", "restored", "event_archived"))) > 5
    proof = prove(run.operations, run.rows, ONE_CLOCK)
    assert proof.holds, proof.lines()
    assert proof.tested.injected["archive"] == 40


def _random(scenario):
    from random import Random

    return Random(scenario.seed)


def test_the_search_finds_a_double_sale_by_itself(story):
    story.hold("r1", "a", at=(0, 10))
    version = story.version
    story.answered("reserve", "created", version=version, reservation="r2", seats=("a",), user="bob", at=(20, 30))
    assert story.searched().illegal


def test_the_search_finds_a_stale_read_by_itself(story):
    story.hold("r1", "a", at=(0, 10))
    story.answered("read_seat", "seen", version=1, seats=("a",), status="", at=(20, 30))
    assert story.searched().illegal


def test_it_says_for_how_many_seats_the_search_gave_up():
    run = simulate(Scenario(seed=1, operations=200, seats=4))
    report = check_by_search(settled(run), run.rows.reservations, ONE_CLOCK, steps_max=10)
    assert report.unknown == report.seats == 4


@pytest.mark.slow
def test_a_whole_proof():
    run = simulate(Scenario(seed=3, operations=1_500, clients=12, seats=30, hold_ns=300_000))
    proof = prove(run.operations, run.rows, ONE_CLOCK)
    assert proof.holds, proof.lines()
    assert proof.lines()[-1] == "PROVED"


def test_a_proof_shows_what_is_wrong():
    run = simulate(Scenario(seed=3, operations=400, lost_answers=0.0))
    run.rows.reservations.pop()
    proof = prove(run.operations, run.rows, ONE_CLOCK)
    assert not proof.holds
    assert any("lost_write" in line for line in proof.lines())


def test_the_self_test_fails_where_a_kind_of_fault_has_no_place():
    run = simulate(Scenario(seed=1, operations=1))
    assert not self_test(settled(run), run.rows, ONE_CLOCK, seed=0, rounds=1).passed


def test_the_self_test_tries_a_part_of_a_long_history():
    run = simulate(Scenario(seed=1, operations=4_500, seats=200, hold_ns=300_000, lists=False))
    tested = self_test(settled(run), run.rows, ONE_CLOCK, seed=0, rounds=1)
    assert tested.passed, tested.missed
