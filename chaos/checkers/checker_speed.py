"""The speed of the tools on one core: `python -m chaos.checkers.checker_speed [--operations N]`.

Histories are simulated, written to a file and read back, as after a run. The figures are CPU times, the best of a few
rounds. "Checking" is all that `traced_checker.check` does with a history in columns, as `read_history` returns it: it
replays the log, compares the rows and judges the answers. Reading the file, which arranges it in columns, and settling
unanswered operations come before that. They are reported separately, and then all three together.
"""

import gc
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import msgspec

from chaos.checkers.report import Assumptions
from chaos.checkers.search_checker import check_by_search, sample
from chaos.checkers.traced_checker import check, check_columns
from chaos.histories.columns import columns_of
from chaos.histories.database_rows import DatabaseRows
from chaos.histories.history import Called, Head, Line, Operation, Recorder, Returned, read_history
from chaos.histories.settlement import settle
from chaos.simulation.clients import ON_SALE, RESTLESS, Scenario, simulate

_HISTORY, _ROWS = "history.jsonl", "rows.jsonl"
_ASSUMED = Assumptions(wall_offset_ns=0, clock_tolerance_ns=1_000)
_BEST_OF = 7
_SEARCHED_SEATS = 50


def best_seconds(work: Callable[[], object]) -> float:
    """Measure CPU seconds, the best of a few."""
    best = float("inf")
    gc.collect()
    for _ in range(_BEST_OF):
        started = time.process_time()
        work()
        best = min(best, time.process_time() - started)
    return best


def record(operations: Sequence[Operation], path: Path) -> None:
    """Write a history the way clients do."""
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


def write(operations: Sequence[Operation], path: Path) -> None:
    """Write the lines of a history with the times of its operations."""
    lines: list[tuple[int, Line]] = [(-1, Head(0, 0))]
    for number, operation in enumerate(operations):
        asked = "" if operation.kind in ("reserve", "choose") else operation.reservation
        call = (number, operation.process, operation.called_ns, operation.kind, operation.event, operation.seats)
        lines.append((operation.called_ns, Called(*call, operation.user, operation.key, asked)))
        if operation.outcome != "info":
            answer = (number, operation.returned_ns, operation.outcome, operation.answer, operation.version)
            told = (operation.reservation, operation.status, operation.expires_at_us, operation.named)
            lines.append((operation.returned_ns, Returned(*answer, *told, {}, operation.count)))
    lines.sort(key=lambda line: line[0])
    path.write_bytes(msgspec.json.Encoder().encode_lines([line for _, line in lines]))


def main() -> int:
    """Measure and print."""
    parser = ArgumentParser(prog="python -m chaos.checkers.checker_speed", description="Measure the checkers.")
    parser.add_argument("--operations", type=int, default=200_000, help="length of the simulated histories")
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--seats", type=int, default=5_000)
    given = parser.parse_args()
    common = {"seed": 1, "operations": given.operations, "clients": given.clients, "seats": given.seats}
    on_sale = Scenario(**common, seats_wanted_max=2, hold_ns=20_000_000, kinds=ON_SALE, lists=False)
    restless = Scenario(**common, seats_wanted_max=2, hold_ns=2_000_000, kinds=RESTLESS, lists=False)
    mixes = {
        "An on-sale: most are refused, or read": on_sale,
        "Restless buyers: many give their seats back": restless,
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # Each in its own process: simulating leaves memory in a state that a check after a real run never sees.
        fresh = ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1)
        with fresh:
            for title, scenario in mixes.items():
                fresh.submit(_prepare, scenario, folder).result()
                if not fresh.submit(_measure, title, folder).result():
                    return 1
            fresh.submit(_measure_the_rest, restless, folder).result()
    return 0


def _prepare(scenario: Scenario, folder: Path) -> None:
    run = simulate(scenario)
    write(run.operations, folder / _HISTORY)
    run.rows.save(folder / _ROWS)


def _measure(title: str, folder: Path) -> bool:
    path = folder / _HISTORY
    rows = DatabaseRows.load(folder / _ROWS)
    unsettled = read_history(path)
    history = settle(unsettled, rows.reservations)
    report = check(history, rows, _ASSUMED)
    sys.stdout.write(
        f"{title} ({report.operations} operations, {report.log_entries} log entries, "
        f"{report.violations_count} violations)\n"
    )
    _say("checked by version, all included", len(history), lambda: check(history, rows, _ASSUMED))
    _say("read from the file before that", len(history), lambda: read_history(path))
    _say("settled before that", len(history), lambda: settle(unsettled, rows.reservations))
    _say(
        "read, settled and checked",
        len(history),
        lambda: check(settle(read_history(path), rows.reservations), rows, _ASSUMED),
    )
    return not report.violations_count


def _measure_the_rest(scenario: Scenario, folder: Path) -> None:
    run = simulate(scenario)
    history = settle(run.operations, run.rows.reservations)
    seats = sample(history, seats=_SEARCHED_SEATS, seed=1)
    searched = check_by_search(history, run.rows.reservations, _ASSUMED, seats=seats)
    sys.stdout.write("For comparison\n")
    _say(
        "by version, without the quick pass",
        len(history),
        lambda: check_columns(columns_of(history), run.rows, _ASSUMED),
    )
    _say(
        f"by search: steps of {_SEARCHED_SEATS} seats",
        searched.steps,
        lambda: check_by_search(history, run.rows.reservations, _ASSUMED, seats=seats),
    )
    _say("recorded", len(history), lambda: record(history, folder / "recorded.jsonl"))


def _say(what: str, operations: int, work: Callable[[], object]) -> None:
    sys.stdout.write(f"  {what:<36}{operations / best_seconds(work):>12,.0f} a second\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
