"""The plots of docs/scale.md."""

from collections.abc import Iterator
from statistics import fmean

from holdfast.bench.report.plot import svg_of
from holdfast.bench.report.results import Chart
from onsale.report.experiments import COMMITS, FIRST_SECONDS, OVERLOADS, POLICIES, PROCESSES, Experiments
from onsale.report.tables import rate_of_second_half
from onsale.validate.compared import Compared
from onsale.validate.loads import Comparison


def comparison(compared: Compared) -> Iterator[tuple[str, str]]:
    """Yield name and SVG of the plots that compare real and simulated loads."""
    for figure, title, scale in (("per_second", "Reservations a second", 1.0), ("p50", "Median latency, ms", 1e3)):
        names = [load.name for load in compared.loads]
        values = {
            "real": [fmean(getattr(seen, figure) for seen in load.real) * scale for load in compared.loads],
            "simulated": [fmean(getattr(seen, figure) for seen in load.simulated) * scale for load in compared.loads],
        }
        spans = {
            "real": [_span(load, figure, scale, real=True) for load in compared.loads],
            "simulated": [_span(load, figure, scale, real=False) for load in compared.loads],
        }
        yield f"compared-{figure.replace('_', '-')}", svg_of(Chart("compared", title, "", names, values, spans=spans))


def simulated(found: Experiments) -> Iterator[tuple[str, str]]:
    """Yield name and SVG of the others."""
    yield (
        "hot-event",
        _by_processes(
            "One hot event, at most",
            "holds/s",
            {name: [found.most[name, n].per_second for n in PROCESSES] for name in COMMITS},
        ),
    )
    yield (
        "hot-event-latency",
        _by_processes(
            "One event at 2,000 holds a second: median",
            "ms",
            {name: [found.steady[name, n].p50 * 1e3 for n in PROCESSES] for name in COMMITS},
        ),
    )
    sites = {name: outcome.holds_by_second()[: int(FIRST_SECONDS)].tolist() for name, outcome in found.million.items()}
    seconds = list(range(1, 1 + min(len(holds) for holds in sites.values())))
    yield (
        "million",
        svg_of(
            Chart(
                "million",
                "A million buyers: the first seconds",
                "holds/s",
                [float(second) for second in seconds],
                {name: [float(hold) for hold in holds[: len(seconds)]] for name, holds in sites.items()},
                "seconds after the sale has opened",
            )
        ),
    )
    storms = {name: [rate_of_second_half(found.storms[name, load]) for load in OVERLOADS] for name in POLICIES}
    yield (
        "storms",
        svg_of(
            Chart(
                "storms",
                "What clients do after a 503",
                "holds/s",
                list(OVERLOADS),
                storms,
                "buyers a second ÷ what the event can sell",
            )
        ),
    )


def _span(load: Comparison, figure: str, scale: float, *, real: bool) -> tuple[float, float]:
    values = [getattr(seen, figure) * scale for seen in (load.real if real else load.simulated)]
    return min(values), max(values)


def _by_processes(title: str, unit: str, series: dict[str, list[float]]) -> str:
    return svg_of(Chart("hot", title, unit, [float(n) for n in PROCESSES], series, "API processes that sell it"))
