import math

import pytest

from holdfast.bench.report.results import Check, Figure, Result, over_rounds
from holdfast.bench.report.statistics import median, percentile, spread, weighted_percentile


@pytest.mark.parametrize(("share", "expected"), [(0.0, 1), (0.5, 5), (0.51, 6), (0.99, 10), (1.0, 10)])
def test_a_percentile_is_the_smallest_value_that_the_share_does_not_exceed(share, expected):
    assert percentile([10, 3, 1, 2, 4, 5, 6, 7, 8, 9], share) == expected


def test_without_values_there_is_no_percentile():
    assert math.isnan(percentile([], 0.5))
    assert math.isnan(weighted_percentile({}, 0.5))
    assert math.isnan(median([]))


def test_a_weighted_percentile_is_that_of_the_repeated_values():
    counts = {7: 3, 2: 5, 40: 1, 11: 4}
    values = [value for value, times in counts.items() for _ in range(times)]
    for hundredth in range(1, 101):
        assert weighted_percentile(counts, hundredth / 100) == percentile(values, hundredth / 100)


def test_the_spread_is_relative_to_the_median():
    assert spread([90.0, 100.0, 120.0]) == pytest.approx(0.3)
    assert spread([5.0]) == 0.0


def _round(value: float, *, holds: bool = True) -> Result:
    return Result([Figure("rate", value, "1/s", "higher", 5.0)], [Check("stored", holds, str(value))])


def test_rounds_are_put_together_by_medians_and_a_failure_in_any_of_them_stays():
    merged = over_rounds([_round(1.0, holds=False), _round(9.0), _round(4.0)])
    assert [figure.value for figure in merged.figures] == [4.0]
    assert [check.holds for check in merged.checks] == [False, True]


@pytest.mark.parametrize(
    ("better", "value", "met"),
    [("higher", 5.0, True), ("higher", 4.9, False), ("lower", 5.1, False), ("lower", 5.0, True)],
)
def test_a_goal_is_met_from_its_side(better, value, met):
    assert Figure("x", value, "", better, 5.0).goal_met is met
    assert Figure("x", math.nan, "", better, 5.0).goal_met is None
