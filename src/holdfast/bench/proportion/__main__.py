"""`make bench-proportion`: measure each row, and show it next to what was recorded before.

python -m holdfast.bench.proportion [--quick] [--only ROW …] [--record before|now] [--source DIR] [--out DIR]
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from holdfast.bench.failure import LoadError
from holdfast.bench.proportion import many, side_by_side, single
from holdfast.bench.proportion.ground import QUICK, Figure, Ground, Scale, ground
from holdfast.bench.proportion.table import Record, write_table

ROWS: dict[str, Callable[[Ground], list[Figure]]] = {
    "idle": single.idle_memory,
    "bulk-nobody": single.bulk_for_nobody,
    "bulk-unknown-fields": single.bulk_of_unknown_fields,
    "metrics": single.metrics,
    "default": side_by_side.default_beside_production,
    "two-processes-mixed": side_by_side.two_processes_mixed,
    "two-processes-spread": side_by_side.two_processes_spread,
    "first-look": many.first_look_after_many,
    "counts": many.counts_of_many,
    "buyers": many.buyers_beside_a_reader,
    "cold": many.cold_node,
    "first-count": single.first_count,
    "etag": single.matching_tag_hall,
    "stadium": single.stadium,
}
"""In this order: rows that leave a lot of data behind come last."""
_IDLE_SECONDS = 5.0


def main(words: Sequence[str]) -> int:
    """Measure the rows that were asked for; return the exit code: 1 if a row could not be measured."""
    asked = _arguments().parse_args(words)
    chosen = {name: row for name, row in ROWS.items() if not asked.only or name in asked.only}
    record = Record.read(asked.out)
    failed = 0
    begin = time.monotonic()
    scale = QUICK if asked.quick else Scale()
    with ground(asked.data_dir, scale, asked.source) as on:
        time.sleep(_IDLE_SECONDS)
        for number, (name, row) in enumerate(chosen.items(), 1):
            _say(f"[{time.monotonic() - begin:4.0f} s] {number} of {len(chosen)}: {name}")
            try:
                figures = row(on)
            except (LoadError, OSError, ArithmeticError, LookupError, ValueError) as error:
                failed += 1
                _say(f"         {name} was not measured: {error}")
                continue
            record.set(asked.record, name, figures)
            for figure in figures:
                _say(f"         {record.line(figure)}")
    if asked.quick:
        _say("very small: nothing was written")
    else:
        record.write(asked.out)
        write_table(record, asked.out / "proportion.md", list(ROWS))
        _say(f"written: {asked.out / 'proportion.md'}")
    return 1 if failed else 0


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="holdfast.bench.proportion", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="very small: only tries that every row works")
    parser.add_argument("--only", nargs="+", choices=list(ROWS), metavar="ROW", help=", ".join(ROWS))
    parser.add_argument("--record", choices=("before", "now"), default="now", help="which column is written")
    parser.add_argument("--source", help="folder `src` of another checkout to be measured, for `--record before`")
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks"), help="folder of the table")
    parser.add_argument("--data-dir", type=Path, default=Path(".holdfast"), help="folder for the stack's data")
    return parser


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
