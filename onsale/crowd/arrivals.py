"""When people come, in seconds after the sale has opened."""

import math

import numpy as np
from numpy.typing import NDArray

Arrivals = NDArray[np.float64]


def decaying(buyers: int, seconds: float, *, peak: float, random: np.random.Generator) -> Arrivals:
    """Return arrivals that are densest when the sale opens, and then decay exponentially.

    Args:
        buyers: How many come.
        seconds: All of them come within this time.
        peak: How dense they are at first, compared with the mean; 1: they come evenly.
        random: Where the chance comes from. Arrivals do not know of each other, as in a Poisson process.
    """
    even = random.random(buyers)
    if peak <= 1:
        return np.sort(even * seconds)
    mean = _mean_of_decay(seconds, peak)
    return np.sort(-mean * np.log1p(-even * (1 - math.exp(-seconds / mean))))


def pareto(buyers: int, seconds: float, *, shape: float, peak: float, random: np.random.Generator) -> Arrivals:
    """Return arrivals with a heavy tail: a sharp rush, and many who come long after it.

    Args:
        buyers: How many come.
        seconds: All of them come within this time.
        shape: Of the Pareto distribution (of the second kind). The smaller, the heavier the tail.
        peak: How dense they are at first, compared with the mean.
        random: Where the chance comes from.
    """
    scale = shape * seconds / peak
    within = 1 - (1 + seconds / scale) ** -shape
    return np.sort(scale * ((1 - random.random(buyers) * within) ** (-1 / shape) - 1))


def poisson(per_second: float, seconds: float, random: np.random.Generator) -> Arrivals:
    """Return arrivals at a steady rate."""
    return np.sort(random.random(random.poisson(per_second * seconds)) * seconds)


def _mean_of_decay(seconds: float, peak: float) -> float:
    """Find the mean m for which the density at first, 1/m ÷ (1 - exp(-T/m)), is `peak` times 1/T; by bisection."""
    low, high = seconds / peak / 2, seconds * 100
    for _ in range(100):
        mean = (low + high) / 2
        density = seconds / mean / -math.expm1(-seconds / mean)
        low, high = (mean, high) if density > peak else (low, mean)
    return low


def zipf_shares(events: int, exponent: float) -> NDArray[np.float64]:
    """Return the share of the buyers of each event, the hottest first; exponent 0: all are alike."""
    weights = np.arange(1, events + 1, dtype=np.float64) ** -exponent
    shares: NDArray[np.float64] = weights / weights.sum()
    return shares
