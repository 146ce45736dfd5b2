"""How many connections a process may open to each cell: what `holdfast size` adds up is what is opened."""

from collections import Counter

from holdfast.cli.sizing.estimate import Pools
from holdfast.telemetry import metrics

WITHOUT_METRIC = 2
"""Connections that no pool of the metric has: the one of readiness, and the one of totals."""
POOLS = Pools(write=4, read=4, catalogue=2, cells=2)


def _pool_sizes() -> Counter[str]:
    sizes: Counter[str] = Counter()
    for metric in metrics.pool_size.collect():
        for sample in metric.samples:
            sizes[sample.labels["cell"]] += int(sample.value)
    return sizes


async def test_a_process_opens_what_the_calculator_counts_for_each_of_two_cells(two_cells):
    before = _pool_sizes()
    async with two_cells.api():
        opened = _pool_sizes() - before
    assert opened["0"] + WITHOUT_METRIC == POOLS.to_home(2)
    assert opened["1"] + WITHOUT_METRIC == POOLS.to_further_cell()


async def test_a_process_opens_what_the_calculator_counts_for_the_only_cell(two_cells):
    before = _pool_sizes()
    async with two_cells.api(cells=None):
        opened = _pool_sizes() - before
    assert opened["0"] + WITHOUT_METRIC == POOLS.to_home(1)
