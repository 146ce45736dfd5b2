"""Seats that channels keep back, in histories: legal ones are accepted, and every injected fault is found."""

import pytest
from chaos.checkers.prove import prove
from chaos.checkers.traced_checker import check
from chaos.histories.database_rows import Change
from chaos.histories.kept_back import kept_back_log
from chaos.histories.operation import KEPT_BACK
from chaos.mutations.channels import CHANNEL_MUTATIONS
from chaos.mutations.specimen import Specimen
from chaos.simulation.clients import Scenario, simulate
from hypothesis import given
from hypothesis import strategies as st

from simulated_runs import ONE_CLOCK, settled, unhurried

runs = st.builds(
    Scenario,
    seed=st.integers(0, 2**32),
    operations=st.integers(1, 250),
    seats=st.integers(1, 12),
    hold_ns=st.sampled_from([50_000, 400_000]),
    channel=st.just("fans"),
    opens_to_all_us=st.sampled_from([0, 50, 500, 1 << 62]),
)


@unhurried()
@given(runs)
def test_what_a_correct_service_did_is_accepted(scenario):
    run = simulate(scenario)
    assert check(settled(run), run.rows, ONE_CLOCK).violations == []


@pytest.mark.parametrize(("mutate", "rule"), CHANNEL_MUTATIONS, ids=[one.__name__ for one, _ in CHANNEL_MUTATIONS])
@unhurried(25)
@given(scenario=runs, random=st.randoms(use_true_random=False))
def test_every_injected_fault_is_found(mutate, rule, scenario, random):
    run = simulate(scenario)
    mutant = mutate(Specimen(settled(run), run.rows, complete=True), random)
    if mutant is not None:
        assert rule in check(*mutant, ONE_CLOCK).rules_broken


def test_a_run_with_a_channel_is_proved():
    run = simulate(Scenario(seed=3, operations=600, seats=9, channel="fans", opens_to_all_us=400, lost_answers=0.0))
    proof = prove(run.operations, run.rows, ONE_CLOCK)
    assert proof.report.violations == []
    assert proof.tested.injected["kept back"] > 0
    assert proof.tested.missed == []


def test_the_log_says_which_seats_are_kept_back():
    log = kept_back_log(
        [
            Change("e", 1, "seats_added", "", (), 0),
            Change("e", 2, "channel_changed", "", (), 0, (), "fans"),
            Change("e", 3, "seats_kept_back", "", ("a", "b"), 0, (), "fans", (), ("a", "b")),
            Change("e", 4, "reserved", "r", ("a",), 0),
            Change("e", 5, "cancelled", "r", ("a",), 0, kept_back=("a",)),
            Change("e", 6, "channel_opened", "", (), 0, (), "fans", ("a", "b")),
            Change("e", 7, "reserved", "s", ("b",), 0),
            Change("e", 8, "cancelled", "s", ("b",), 0),
        ]
    )
    assert log.taken_counts == [0, 0, 0, 2, 2, 2, 0, 1, 0]
    assert log.reached == [(4, "r", "a", "fans")]
    assert log.strays == []
    assert [state for version, _, state in log.steps if version == 3] == [KEPT_BACK, KEPT_BACK]
    assert kept_back_log([Change("e", 1, "reserved", "r", ("a",), 0)]) is None
