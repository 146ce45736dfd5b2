"""Simulated runs of the whole read side, and that they detect the faults they should (`python -m chaos.reading`)."""

import pytest
from chaos.reading.__main__ import FAULTS
from chaos.reading.clock import NothingLeftError, SimulatedLoop
from chaos.reading.run import simulate
from chaos.reading.scenario import Scenario
from chaos.reading.seeded_faults import Edit, SeededFault, seeded
from chaos.reading.self_test import self_test
from hypothesis import example, given, settings
from hypothesis import strategies as st

from holdfast.application.reading.seat_maps import SeatMaps


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32))
@example(seed=1350048)  # a failover that lost another hall, between reading changes and finding their places
def test_readers_are_told_nothing_but_what_was(seed):
    assert simulate(Scenario.of_seed(seed)).breaches == []


def test_the_same_seed_gives_the_same_run():
    first, again = (simulate(Scenario.of_seed(5)).record for _ in range(2))
    assert first.told == again.told
    assert [one.frames for one in first.followed] == [one.frames for one in again.followed]


QUICK = (
    "a map in memory is given without asking",
    "entity tags by version alone",
    "who comes back is not told what it missed",
    "a load that fails is not forgotten",
)
"""Faults that most runs detect; `python -m chaos.reading` tries all of them."""


@pytest.mark.parametrize("name", QUICK)
def test_a_fault_that_is_put_in_is_noticed(name):
    chosen = [fault for fault in FAULTS if fault.name == name]
    assert self_test(chosen, runs_max=40).missed == []


def test_every_fault_can_be_put_in_and_taken_out():
    """If the code that a fault changes is changed, the fault has to be rewritten."""
    for fault in FAULTS:
        before = [vars(edit.owner)[edit.name] for edit in fault.edits]
        with seeded(fault):
            assert all(vars(edit.owner)[edit.name] is not was for edit, was in zip(fault.edits, before, strict=True))
        assert [vars(edit.owner)[edit.name] for edit in fault.edits] == before


def test_a_fault_whose_code_is_gone_cannot_be_put_in():
    gone = SeededFault("gone", (Edit(SeatMaps, "standing", "no such code", ""),), frozenset())
    with pytest.raises(LookupError), seeded(gone):
        pass


def test_the_simulated_clock_knows_when_nothing_will_ever_happen():
    loop = SimulatedLoop()
    with pytest.raises(NothingLeftError):
        loop.run_until_complete(loop.create_future())
    loop.close()
