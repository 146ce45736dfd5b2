"""Statistics by numpy; nan if there are no numbers."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import numpy as np

_METHOD: Literal["inverted_cdf"] = "inverted_cdf"
"""The smallest value that at least the share does not exceed: always a measured value, never an interpolated one."""


def percentile(values: Iterable[float], share: float) -> float:
    """Return the smallest value that at least `share` (0 to 1) of all values do not exceed; nan without values."""
    known = np.fromiter(values, float)
    return float(np.quantile(known, share, method=_METHOD)) if known.size else math.nan


def median(values: Iterable[float]) -> float:
    """Return the median of the values that are not nan; nan if there are none."""
    known = np.fromiter(values, float)
    known = known[~np.isnan(known)]
    return float(np.median(known)) if known.size else math.nan


def spread(values: Sequence[float]) -> float:
    """Return how far the values lie apart: (most - least) / median; 0 for fewer than two."""
    if len(values) < 2:
        return 0.0
    middle = median(values)
    return float(np.ptp(values)) / middle if middle else math.nan


def weighted_percentile(counts: Mapping[int, int], share: float) -> float:
    """Return the percentile of values given as {value: count}; nan without values."""
    if not any(counts.values()):
        return math.nan
    values, weights = np.array(list(counts)), np.array(list(counts.values()))
    return float(np.quantile(values, share, method=_METHOD, weights=weights))
