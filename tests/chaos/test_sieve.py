"""The quick pass accepts nothing wrong: its verdicts equal those of the rules alone, applied to everything."""

from random import Random

import pytest
from chaos.checkers.report import Assumptions
from chaos.checkers.traced_checker import check, check_columns
from chaos.histories.columns import columns_of
from chaos.histories.database_rows import DatabaseRows
from chaos.histories.history import FOREVER, in_order_of_return
from chaos.mutations.every import MUTATIONS
from chaos.mutations.specimen import Specimen
from chaos.simulation.clients import ON_SALE, RESTLESS, Scenario, simulate
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from simulated_runs import LOST_ANSWERS, ONE_CLOCK, scenarios, settled, unhurried

runs = scenarios(lost_answers=LOST_ANSWERS, kinds=st.sampled_from([RESTLESS, ON_SALE]))
assumptions = st.sampled_from(
    [
        ONE_CLOCK,
        Assumptions(wall_offset_ns=-30_000, clock_tolerance_ns=0, read_lag_ns=5_000),
        Assumptions(complete=False),
    ]
)


def assert_same_verdicts(operations, rows, given):
    quick = check(operations, rows, given)
    thorough = check_columns(columns_of(operations), rows, given)
    assert (set(quick.violations), quick.counts) == (set(thorough.violations), thorough.counts)
    return quick


def changed(operations, random):
    """Change one answer in a way that no known fault would."""
    operations = list(operations)
    place, other = random.randrange(len(operations)), random.choice(operations)
    operation = operations[place]
    what = random.choice(
        [
            {"version": max(-1, operation.version + random.choice([-30, -3, -1, 1, 3, 30]))},
            {"version": other.version},
            {"status": other.status},
            {"reservation": other.reservation},
            {"seats": other.seats or operation.seats},
            {"named": other.named},
            {"user": other.user},
            {"key": other.key},
            {"called_ns": max(0, operation.called_ns - 50_000)},
            {"called_ns": operation.returned_ns if operation.returned_ns < FOREVER else operation.called_ns},
        ]
    )
    refusals = ["seats_unavailable", "hold_expired", "already_cancelled", "already_confirmed", "reservation_not_found"]
    refusals += ["sale_not_open", "seller_confirms"]
    if operation.outcome == "fail" and random.random() < 0.3:
        what = {"answer": random.choice([*refusals, "idempotency_key_reused", "booking_closed", "none"])}
    operations[place] = replace(operation, **what)
    return operations


@unhurried(60)
@given(runs, assumptions)
def test_right_histories_pass(scenario, given_assumptions):
    run = simulate(scenario)
    assert_same_verdicts(settled(run), run.rows, given_assumptions)


@unhurried(60)
@given(runs, assumptions, st.integers(1, 6), st.randoms(use_true_random=False))
def test_answers_changed_at_random_get_the_same_verdicts(scenario, given_assumptions, changes, random):
    run = simulate(scenario)
    operations = settled(run)
    for _ in range(changes):
        operations = changed(operations, random)
    assert_same_verdicts(operations, run.rows, given_assumptions)


@pytest.mark.parametrize("mutate", [mutate for family in MUTATIONS.values() for mutate, _ in family.ways])
@unhurried(20)
@given(scenario=runs, given_assumptions=assumptions, random=st.randoms(use_true_random=False))
def test_injected_faults_get_the_same_verdicts(mutate, scenario, given_assumptions, random):
    run = simulate(scenario)
    mutant = mutate(Specimen(settled(run), run.rows, complete=True), random)
    if mutant is not None:
        operations, rows = mutant
        assert_same_verdicts(in_order_of_return(operations), rows, given_assumptions)
        assert_same_verdicts(operations, rows, given_assumptions)


def of_event(event, run):
    """Add another event, with new ids, to a run."""
    operations = [replace(operation, event=event) for operation in settled(run)]
    rows = DatabaseRows(
        changes=[replace(change, event=event) for change in run.rows.changes],
        reservations=[replace(row, event=event) for row in run.rows.reservations],
        charts=[replace(chart, event=event) for chart in run.rows.charts],
        claims=[replace(claim, event=event) for claim in run.rows.claims],
    )
    return operations, rows


@unhurried(60)
@given(st.lists(runs, min_size=2, max_size=3), assumptions, st.integers(0, 3), st.integers(0, 2**32))
def test_operations_on_several_events_take_turns(several, given_assumptions, changes, seed):
    operations, rows = [], DatabaseRows(claims=[])
    for number, scenario in enumerate(several):
        some, its_rows = of_event(f"event {number}", simulate(scenario))
        operations += some
        rows.changes += its_rows.changes
        rows.reservations += its_rows.reservations
        rows.charts += its_rows.charts
        rows.claims += its_rows.claims
    operations = in_order_of_return(operations)
    for number in range(changes):
        operations = changed(operations, Random(seed + number))
    assert_same_verdicts(operations, rows, given_assumptions)


def test_what_is_not_in_the_order_of_returns_is_judged_too():
    run = simulate(Scenario(seed=5, operations=300))
    operations = settled(run)
    Random(1).shuffle(operations)
    given = ONE_CLOCK
    assert assert_same_verdicts(operations, run.rows, given).violations == []


def test_an_operation_that_is_not_settled_is_named():
    run = simulate(Scenario(seed=5, operations=300, lost_answers=0.1))
    with pytest.raises(ValueError, match="settle the history first"):
        check(run.operations, run.rows)


def test_an_empty_history_is_checked():
    assert check([], DatabaseRows()).violations == []
