"""Hypothesis strategies for simulated runs."""

from chaos.checkers.report import Assumptions
from chaos.histories.history import FOREVER
from chaos.histories.settlement import settle
from chaos.simulation.clients import Scenario
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

ONE_CLOCK = Assumptions(wall_offset_ns=0, clock_tolerance_ns=1_000)
"""The simulation has one clock, and its database counts microseconds."""

LOST_ANSWERS = st.sampled_from([0.0, 0.05, 0.3])


def scenarios(*, operations_max: int = 200, **more: st.SearchStrategy) -> st.SearchStrategy[Scenario]:
    """Scenarios of few seats and many clients; `more` are further fields of a scenario."""
    return st.builds(
        Scenario,
        seed=st.integers(0, 2**32),
        operations=st.integers(1, operations_max),
        clients=st.integers(1, 24),
        seats=st.integers(1, 12),
        hold_ns=st.sampled_from([20_000, 200_000, 10_000_000]),
        limit=st.sampled_from([0, 0, 1, 2, 4]),
        opens_at_us=st.sampled_from([0, 0, 0, 40]),
        closes_at_us=st.sampled_from([FOREVER, FOREVER, FOREVER, 400, 60]),
        seller_confirms=st.booleans(),
        sold_by_seller=st.sampled_from([0.0, 0.5, 0.9]),
        archives=st.booleans(),
        **more,
    )


def unhurried(max_examples: int = 100) -> settings:
    """Settings for tests whose examples are whole runs."""
    return settings(deadline=None, max_examples=max_examples, suppress_health_check=[HealthCheck.too_slow])


def settled(run):
    """Return the operations of a run with unknown outcomes settled."""
    return settle(run.operations, run.rows.reservations)
