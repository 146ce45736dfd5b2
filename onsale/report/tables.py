"""The tables of docs/scale.md."""

from collections.abc import Iterable, Sequence
from statistics import fmean

import numpy as np

from holdfast.cli.sizing.measured import STEPS, Measured
from onsale.crowd.outcome import Outcome
from onsale.report.experiments import BATCHES, COMMITS, FEW_NAME, PROCESSES, Experiments
from onsale.validate.compared import Compared
from onsale.validate.loads import FIGURES, Comparison

_SCALES = {"per_second": 1.0, "p50": 1e3, "p99": 1e3, "commands": 1.0}


def constants(measured: Measured) -> str:
    """Return what each step takes."""
    rows = []
    for name in STEPS:
        step = measured.steps[name]
        median, tail = (float(np.quantile(step.spread, share)) for share in (0.5, 0.99))
        for who, cost in (("process", step.node), ("PostgreSQL", step.postgres)):
            if cost.fixed or cost.command:
                parts = (f"{part:,.1f}" for part in (cost.fixed, cost.event, cost.command, cost.seat))
                rows.append([name, who, *parts, f"{median:.2f}, {tail:.2f}"])
    request = measured.request
    p50, p99 = (float(np.quantile(measured.flush, share)) / 1e3 for share in (0.5, 0.99))
    table = _table(
        ["step", "CPU of", "fixed", "each event", "each command", "each seat", "÷ mean: p50, p99"], rows, left=2
    )
    beside = (
        f"Beside its transaction, a request takes {request.node:,.0f} µs of a process, {request.redis_call:,.0f} µs of "
        f"Redis for each call of the gate and {request.redis_each:,.1f} µs for each request in it, and "
        f"{request.load_generator:,.0f} µs of the load generator. A flush took {p50:.2f} ms (p50) and {p99:.2f} ms "
        f"(p99). A core worked {measured.both_busy:.0%} as fast while the other one did."
    )
    machine = "Measured on: " + ", ".join(f"{name} {value}" for name, value in measured.machine.items()) + "."
    return f"{table}\n\n{beside}\n\n{machine}"


def comparisons(compared: Compared) -> str:
    """Return real and simulated loads side by side."""
    rows = [
        [load.name, *(f"{_range(load, figure)} ({load.ratio(figure):.2f})" for figure in FIGURES)]
        for load in compared.loads
    ]
    lines = [_table(["load", "reservations/s", "p50, ms", "p99, ms", "commands in a transaction"], rows)]
    lines += ["", *(f"Not run: {reason}." for reason in compared.left_out)] if compared.left_out else []
    return "\n".join(lines)


def _range(load: Comparison, figure: str) -> str:
    scale = _SCALES[figure]
    real = [getattr(seen, figure) * scale for seen in load.real]
    simulated = fmean(getattr(seen, figure) for seen in load.simulated) * scale
    return f"{_number(min(real))} to {_number(max(real))} → {_number(simulated)}"


def hot_event(found: Experiments) -> str:
    """Return what one event can do at most, and what it costs to pass its lock on."""
    rows = []
    for processes in PROCESSES:
        most = [f"{found.most[name, processes].per_second:,.0f}" for name in COMMITS]
        steady = [_milliseconds(found.steady[name, processes]) for name in COMMITS]
        rows.append([str(processes), *most, *steady])
    heads = [f"most, {name}" for name in COMMITS] + [f"at 2,000/s, {name}" for name in COMMITS]
    return _table(["processes", *heads], rows)


def _milliseconds(sold: object) -> str:
    p50, p99, rate = (getattr(sold, name) for name in ("p50", "p99", "per_second"))
    if rate < 1_800:
        return f"only {rate:,.0f}/s"
    return f"{p50 * 1e3:,.0f}, {p99 * 1e3:,.0f} ms"


def bounds(found: Experiments) -> str:
    """Return what larger batches, and orders of more seats, change."""
    rows = [[f"{size:,}", *(f"{found.batches[name, size].per_second:,.0f}" for name in COMMITS)] for size in BATCHES]
    seats = [
        [str(count), f"{sold.per_second:,.0f}", f"{sold.per_second * count:,.0f}", f"{sold.commands:,.0f}"]
        for count, sold in found.seats_each.items()
    ]
    return "\n".join(
        [
            _table(["commands in a batch, at most", *(f"commits of {name}" for name in COMMITS)], rows),
            "",
            _table(["seats of an order", "orders/s", "seats/s", "orders in a transaction"], seats),
        ]
    )


def million(found: Experiments) -> str:
    """Return the first seconds of the on-sale on several installations."""
    rows = [[name, *_outcome(outcome)] for name, outcome in found.million.items()]
    rows += [[f"{FEW_NAME}, zipf {zipf:g}", *_outcome(outcome)] for zipf, outcome in found.zipfs.items()]
    return _table(
        [
            "installation",
            "holds/s",
            "p50, p99",
            "hottest event",
            "503",
            "commands in a transaction",
            "process",
            "busiest cell",
            "hottest lock",
        ],
        rows,
    )


def _outcome(outcome: Outcome) -> Sequence[str]:
    def both(*, hot: bool) -> str:
        return ", ".join(f"{outcome.percentile(share, hot=hot) * 1e3:,.0f}" for share in (0.5, 0.99)) + " ms"

    return [
        f"{outcome.requests['held'] / outcome.simulated_seconds:,.0f}",
        both(hot=False),
        both(hot=True),
        f"{outcome.requests['busy']:,}",
        f"{outcome.commands_of_transaction:.1f}",
        f"{outcome.process_busy:.0%}",
        f"{outcome.cell_busy:.0%}",
        f"{min(1.0, outcome.hot_lock_busy):.0%}",
    ]


def storms(found: Experiments) -> str:
    """Return what retries do to an event that is asked for more than it can sell."""
    rows = []
    for (name, overload), outcome in found.storms.items():
        busy = outcome.requests["busy"] / max(1, outcome.buyers["came"])
        rows.append(
            [
                name,
                f"{overload:g}",
                f"{rate_of_second_half(outcome):,.0f}",
                f"{outcome.percentile(0.5) * 1e3:,.0f}, {outcome.percentile(0.99) * 1e3:,.0f} ms",
                f"{busy:.2f}",
            ]
        )
    return _table(["after a 503", "wanted ÷ possible", "holds/s", "p50, p99", "503 for each buyer"], rows)


def rate_of_second_half(outcome: Outcome) -> float:
    """Return the holds a second once queues have filled."""
    whole = outcome.holds_by_second()[: int(outcome.simulated_seconds)]
    return float(np.mean(whole[len(whole) // 2 :])) if len(whole) else 0.0


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]], *, left: int = 1) -> str:
    lines = [heads, ["---"] * left + ["---:"] * (len(heads) - left), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
