"""Draws how long things take, from what was measured."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

import numpy as np

from holdfast.cli.sizing.measured import STEPS, Measured, StepName

Size: TypeAlias = tuple[int, int, int]
"""Events, commands and seats of a transaction."""
_BLOCK = 4_096


class Times:
    """What one installation takes for each step. Equal seeds draw equal times."""

    def __init__(
        self,
        measured: Measured,
        seed: int,
        *,
        flush_seconds: float | None = None,
        pace: float = 1.0,
        varied: bool = True,
    ) -> None:
        """Set where the times come from.

        Args:
            measured: What was measured.
            seed: Of the random numbers.
            flush_seconds: What a flush takes, if not as measured.
            pace: By how much everything that needs a processor is slower than it was measured.
            varied: Whether times vary as measured; otherwise each is the mean of its kind.
        """
        self.measured = measured
        self._pace = pace / 1e6
        self._waits = {name: step.wait * self._pace for name, step in measured.steps.items()}
        self._known: dict[Size, dict[StepName, tuple[float, float]]] = {}
        mean = (1.0,)
        self._factors = {
            name: _drawn(measured.steps[name].spread if varied else mean, seed, number)
            for number, name in enumerate(STEPS)
        }
        flush = measured.flush if varied else (float(np.mean(measured.flush)),)
        self._flushes = _drawn([us / 1e6 for us in flush], seed, len(STEPS))
        self._flush_seconds = flush_seconds

    def factor(self, step: StepName) -> float:
        """Draw by how much a step takes longer than the mean: once for all of its parts."""
        return next(self._factors[step])

    def of(self, size: Size) -> Mapping[StepName, tuple[float, float]]:
        """Return the mean CPU of the process and of PostgreSQL for each step of a transaction, in seconds."""
        known = self._known.get(size)
        if known is None:
            known = self._known[size] = {
                name: (step.node.of(*size) * self._pace, step.postgres.of(*size) * self._pace)
                for name, step in self.measured.steps.items()
            }
        return known

    def wait(self, step: StepName) -> float:
        """Return the mean time in which neither works, in seconds."""
        return self._waits[step]

    def flush(self) -> float:
        """Draw the time of one flush, in seconds."""
        return next(self._flushes) if self._flush_seconds is None else self._flush_seconds

    @property
    def request(self) -> float:
        """CPU of the process for a request beside the transaction, in seconds."""
        return self.measured.request.node * self._pace

    def redis(self, requests: int) -> float:
        """Return the CPU of Redis for one call of the gate, and its release, in seconds."""
        of = self.measured.request
        return (of.redis_call + of.redis_each * requests) * self._pace


def _drawn(quantiles: Sequence[float], seed: int, stream: int) -> Iterator[float]:
    """Yield numbers that are spread as these quantiles, at equal distances from the least to the greatest, say."""
    if len(quantiles) == 1:
        while True:
            yield quantiles[0]
    places = np.linspace(0.0, 1.0, len(quantiles))
    random = np.random.default_rng((seed, stream))
    while True:
        yield from np.interp(random.random(_BLOCK), places, quantiles).tolist()
