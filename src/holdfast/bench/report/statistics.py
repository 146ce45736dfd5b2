"""What is said about many numbers."""

import math
import statistics
from collections.abc import Iterable, Sequence


def percentile(values: Iterable[float], share: float) -> float:
    """The smallest value that at least `share` (0 to 1) of all values do not exceed; nan without values."""
    ordered = sorted(values)
    if not ordered:
        return math.nan
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def median(values: Iterable[float]) -> float:
    """The middle value; nan without values."""
    known = [value for value in values if not math.isnan(value)]
    return statistics.median(known) if known else math.nan


def spread(values: Sequence[float]) -> float:
    """How far the values lie apart: (most - least) / median; 0 for fewer than two."""
    if len(values) < 2:
        return 0.0
    middle = median(values)
    return (max(values) - min(values)) / middle if middle else math.nan


def weighted_percentile(counts: dict[int, int], share: float) -> float:
    """The percentile of values that are given as {value: how often}; nan without values."""
    total = sum(counts.values())
    if not total:
        return math.nan
    seen = 0
    for value in sorted(counts):
        seen += counts[value]
        if seen >= share * total:
            return float(value)
    raise AssertionError("a share is at most 1")
