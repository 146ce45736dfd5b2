"""How fast the tools are, on one core: `python -m chaos.checker_speed [--operations N]`.

The history is simulated. CPU time counts, the best of three; making and arranging the history are told apart from
checking it.
"""

import gc
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from pathlib import Path

from chaos.columns import Columns, columns_of
from chaos.history import Operation, Recorder, read_history
from chaos.report import Assumptions
from chaos.search_checker import check_by_search, sample
from chaos.settlement import settle
from chaos.simulation import Scenario, simulate
from chaos.traced_checker import check_columns

_BEST_OF = 3
_SEARCHED_SEATS = 50


def best_seconds(work: Callable[[], object]) -> float:
    """Measure CPU seconds, the best of a few."""
    best = float("inf")
    for _ in range(_BEST_OF):
        gc.collect()
        started = time.process_time()
        work()
        best = min(best, time.process_time() - started)
    return best


def record(operations: Sequence[Operation], path: Path) -> None:
    """Write a history as clients would."""
    path.unlink(missing_ok=True)
    with Recorder(path) as recorder:
        for operation in operations:
            number = recorder.call(
                operation.process,
                operation.kind,
                operation.event,
                seats=operation.seats,
                user=operation.user,
                key=operation.key,
            )
            recorder.complete(
                number,
                operation.outcome,
                operation.answer,
                version=operation.version,
                reservation=operation.reservation,
                status=operation.status,
                named=operation.named,
            )


def main() -> int:
    """Measure and print."""
    parser = ArgumentParser(prog="python -m chaos.checker_speed", description="Measure the checkers.")
    parser.add_argument("--operations", type=int, default=200_000, help="length of the simulated history")
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--seats", type=int, default=5_000)
    given = parser.parse_args()
    scenario = Scenario(
        seed=1,
        operations=given.operations,
        clients=given.clients,
        seats=given.seats,
        seats_wanted_max=2,
        hold_ns=2_000_000,
        lists=False,
    )
    run = simulate(scenario)
    history = settle(run.operations, run.rows.reservations)
    columns: Columns = columns_of(history)
    assumptions = Assumptions(wall_offset_ns=0, clock_tolerance_ns=1_000)
    report = check_columns(columns, run.rows, assumptions)
    _say("by version: checked", report.operations, lambda: check_columns(columns, run.rows, assumptions))
    _say("history arranged in columns", len(history), lambda: columns_of(history))
    seats = sample(history, seats=_SEARCHED_SEATS, seed=1)
    searched = check_by_search(history, run.rows.reservations, assumptions, seats=seats)
    _say(
        "by search: steps of 50 seats",
        searched.steps,
        lambda: check_by_search(history, run.rows.reservations, assumptions, seats=seats),
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "history.jsonl"
        _say("recorded", len(history), lambda: record(history, path))
        _say("read back", len(history), lambda: sum(1 for _ in read_history(path)))
    sys.stdout.write(
        f"{report.operations} operations, {report.log_entries} log entries, {report.violations_count} violations\n"
    )
    return 1 if report.violations_count else 0


def _say(what: str, operations: int, work: Callable[[], object]) -> None:
    sys.stdout.write(f"{what:<32}{operations / best_seconds(work):>12,.0f} a second\n")


if __name__ == "__main__":
    sys.exit(main())
