"""`make bench-pages`: measure the budgets in time, and write the table in docs/pages-speed.md.

PYTHONPATH=tests python -m pages.speed [--quick] [--only map|greying|api …] [--out FILE]
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from holdfast.bench.proportion.ground import Ground, Scale, ground
from pages.speed import api_cost, greying, hall_map
from pages.speed.figures import Figure
from pages.speed.table import write_table

_OUT = Path("docs/pages-speed.md")


def main(words: Sequence[str]) -> int:
    """Measure what was asked for; return the exit code: 1 if a budget is not kept."""
    asked = _arguments().parse_args(words)
    quick: bool = asked.quick
    parts: dict[str, Callable[[Ground], list[Figure]]] = {
        "map": lambda on: asyncio.run(hall_map.measure(on, seats=5_000 if quick else 100_000, runs=1 if quick else 5)),
        "greying": lambda on: asyncio.run(
            greying.measure(on, streams=20 if quick else 200, pages=1 if quick else 3, sales=5 if quick else 100)
        ),
        "api": lambda on: api_cost.measure(on, rounds=2 if quick else 12, seconds=1.0 if quick else 2.0),
    }
    figures: dict[str, list[Figure]] = {}
    with ground(asked.data_dir, Scale(), None) as on:
        for name, part in parts.items():
            if asked.only and name not in asked.only:
                continue
            figures[name] = part(on)
            for figure in figures[name]:
                sys.stderr.write(f"{figure.line()}\n")
    everything = [figure for part in figures.values() for figure in part]
    if not quick and not asked.only:
        load = os.getloadavg()[0]
        write_table(
            asked.out, everything, f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} processors, load {load:.1f}"
        )
        sys.stderr.write(f"written: {asked.out}\n")
    return 0 if all(figure.kept for figure in everything) else 1


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="pages.speed", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="very small: only tries that everything works")
    parser.add_argument("--only", nargs="+", choices=["map", "greying", "api"], help="writes no table")
    parser.add_argument("--out", type=Path, default=_OUT, help="file of the table")
    parser.add_argument("--data-dir", type=Path, default=Path(".holdfast"), help="folder for the stack's data")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
