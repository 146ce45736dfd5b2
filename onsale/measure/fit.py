"""From many timed steps to means that grow with the size of a transaction, and how far single ones are from them."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from holdfast.cli.sizing.measured import STEPS, Cost, Step, StepName
from onsale.measure.steps import Sample

QUANTILES = 101
_TAIL = 0.999
"""The greatest of a thousand is left out: on shared machines it is somebody else's work."""


def quantiles(values: Sequence[float], digits: int = 3) -> list[float]:
    """Return values at equal distances from the least to the greatest."""
    return [round(float(found), digits) for found in np.quantile(values, np.linspace(0.0, _TAIL, QUANTILES))]


def fit_steps(samples: Sequence[Sample]) -> tuple[dict[StepName, Step], list[float]]:
    """Return the steps, and the quantiles of a flush in microseconds.

    The flush is what a COMMIT waits for beside what every other round trip waits for.
    """
    by_step: dict[StepName, list[Sample]] = defaultdict(list)
    for sample in samples:
        by_step[sample.step].append(sample)
    waits = {name: float(np.median([_idle(sample) for sample in by_step[name]])) for name in STEPS}
    waits["commit"] = waits["lock"]
    flushes = [max(0.0, _idle(sample) - waits["commit"]) for sample in by_step["commit"]]
    steps = {name: _fit(by_step[name], waits[name]) for name in STEPS}
    return steps, quantiles(flushes, 1)


def _idle(sample: Sample) -> float:
    return max(0.0, sample.wall - sample.node - sample.postgres) * 1e6


def _fit(samples: Sequence[Sample], wait: float) -> Step:
    node = cost_of(samples, [sample.node * 1e6 for sample in samples])
    postgres = cost_of(samples, [sample.postgres * 1e6 for sample in samples])
    spread = []
    for sample in samples:
        size = sample.events, sample.commands, sample.seats
        mean = node.of(*size) + postgres.of(*size) + wait
        # CPU, not wall time: what other programs took of the cores meanwhile is not this step's.
        spread.append(((sample.node + sample.postgres) * 1e6 + wait) / mean)
    return Step(node, postgres, round(wait, 1), quantiles(spread))


def cost_of(samples: Sequence[Sample], microseconds: Sequence[float]) -> Cost:
    """Fit what a step costs to the medians of each shape, by least squares of relative errors."""
    groups: dict[tuple[int, int, int], list[float]] = defaultdict(list)
    for sample, value in zip(samples, microseconds, strict=True):
        groups[sample.events, sample.commands, sample.seats].append(value)
    medians = np.array([np.median(values) for values in groups.values()])
    if medians.max() < 1.0:
        return Cost(0.0, 0.0, 0.0, 0.0)
    sizes = np.array([(1.0, *size) for size in groups])
    found = _least_squares(sizes, np.maximum(medians, 0.5))
    return Cost(*(round(float(one), 3) for one in found))


def _least_squares(sizes: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Leave out the most negative factor until there is none: nothing gets cheaper by more of it."""
    columns = list(range(sizes.shape[1]))
    weights = 1.0 / values
    while columns:
        found, *_ = np.linalg.lstsq(sizes[:, columns] * weights[:, None], np.ones_like(values), rcond=None)
        if found.min() >= 0:
            whole = np.zeros(sizes.shape[1])
            whole[columns] = found
            return whole
        del columns[int(found.argmin())]
    return np.zeros(sizes.shape[1])
