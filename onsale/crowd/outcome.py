"""What came of a simulated sale."""

from array import array
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass
class Outcome:
    """Counts every request and every buyer once."""

    requests: Counter[str] = field(default_factory=Counter)
    """`sent`, and the answers: `held`, `confirmed`, `taken`, `busy`."""
    buyers: Counter[str] = field(default_factory=Counter)
    """`came`, and how it ended: `served`, `sold_out`, `gave_up` (other people were faster), `turned_away` (503)."""
    held_at: "array[float]" = field(default_factory=lambda: array("d"))
    """When each hold was answered."""
    took: "array[float]" = field(default_factory=lambda: array("d"))
    """Seconds from sending it, of each hold."""
    hot_took: "array[float]" = field(default_factory=lambda: array("d"))
    """The same of the hottest event."""
    process_busy: float = 0.0
    """Mean share of the processes' cores that holds kept busy in the busiest second."""
    cell_busy: float = 0.0
    """The same of the busiest cell's cores."""
    hot_lock_busy: float = 0.0
    """Share of the time in which the hottest event was locked, in its busiest second."""
    transactions: int = 0
    commands: int = 0
    flushes: int = 0
    simulated_seconds: float = 0.0

    def percentile(self, share: float, *, hot: bool = False) -> float:
        """Return the seconds within which a share of the holds was answered."""
        took: NDArray[np.float64] = np.asarray(self.hot_took if hot else self.took)
        return float(np.quantile(took, share)) if len(took) else float("nan")

    @property
    def commands_of_transaction(self) -> float:
        """Return how many commands a transaction carries on average."""
        return self.commands / self.transactions if self.transactions else 0.0

    def holds_by_second(self) -> NDArray[np.int64]:
        """Return how many holds were answered in each second."""
        seconds = np.asarray(self.held_at).astype(np.int64)
        return np.bincount(seconds) if len(seconds) else np.zeros(0, dtype=np.int64)
