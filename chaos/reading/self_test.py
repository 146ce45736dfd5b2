"""The test of the simulated runs themselves: each fault injected into the read side must be noticed by one of them."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from chaos.reading.run import simulate
from chaos.reading.scenario import Scenario
from chaos.reading.seeded_faults import SeededFault, seeded


@dataclass(slots=True)
class Noticed:
    """By fault: the run that noticed it first, or None."""

    first_seeds: dict[str, int | None] = field(default_factory=dict)

    @property
    def missed(self) -> list[str]:
        """The faults that no run noticed."""
        return [name for name, seed in self.first_seeds.items() if seed is None]


def self_test(faults: Iterable[SeededFault], *, runs_max: int, first_seed: int = 0) -> Noticed:
    """Inject one fault after another, and run simulations until one notices it."""
    noticed = Noticed()
    for fault in faults:
        with seeded(fault):
            seeds = range(first_seed, first_seed + runs_max)
            noticed.first_seeds[fault.name] = next((seed for seed in seeds if notices(fault, seed)), None)
    return noticed


def notices(fault: SeededFault, seed: int) -> bool:
    """Return whether a run breaks a rule that this fault breaks."""
    return any(breach.rule in fault.breaks for breach in simulate(Scenario.of_seed(seed)).breaches)
