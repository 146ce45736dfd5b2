"""`python -m matrix`: run the rows and write docs/matrix.md.

Tests that fail are run once more, one after the other: on a busy machine a time limit may run out. What then passes is
counted as passed, and the table says how many those were.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

from matrix.programs import MissingError, postgres_programs, redis_program
from matrix.pythons import CHECKOUT, Installation, install
from matrix.rows import PATHS, QUICK_PATHS, ROWS, Row
from matrix.table import Result, write_table

FOLDER = CHECKOUT / "build" / "matrix"
MARKED = "not drill and not experiments and not runs and not upgrades and not pages"
"""The tests of `make test` and `make slow-test`."""
_COUNTS = re.compile(r"([0-9]+) (passed|failed|error|errors|skipped|xfailed)")


def main() -> int:
    """Run what is asked for; returns 1 if a test failed."""
    parser = argparse.ArgumentParser(prog="matrix", description="Run the tests on other versions.")
    parser.add_argument("--only", action="append", help=f"a row, one of {', '.join(row.name for row in ROWS)}")
    parser.add_argument("--quick", action="store_true", help="the core of these tests, about a quarter")
    parser.add_argument("--workers", type=int, default=2, help="processes of pytest")
    parser.add_argument("--write", action="store_true", help="write the table after chosen tests, too")
    parser.add_argument("--table", type=Path, default=CHECKOUT / "docs" / "matrix.md", help="the table that is written")
    parser.add_argument("paths", nargs="*", help="tests instead of the engine's and the contract's")
    given = parser.parse_args()
    paths = tuple(given.paths) or (QUICK_PATHS if given.quick else PATHS)
    FOLDER.mkdir(parents=True, exist_ok=True)
    failed = 0
    for row in ROWS:
        if not given.only or row.name in given.only:
            result = run(row, paths, given.workers)
            failed += result.failed
            say(result.line)
            (FOLDER / f"{row.name}.json").write_text(json.dumps(result.as_json()))
    if not given.paths or given.write:
        results = [Result.of(FOLDER / f"{row.name}.json", row) for row in ROWS]
        write_table(given.table, results)
        say(f"The table is in {given.table}")
    return 1 if failed else 0


def run(row: Row, paths: tuple[str, ...], workers: int) -> Result:
    """Run the tests of a row; a version that cannot be had is a result too."""
    say(f"{row.name}: installing")
    try:
        python = install(row.python, FOLDER)
        postgres, postgres_source = postgres_programs(row.postgres, FOLDER)
        redis, redis_source = redis_program(row.redis, FOLDER)
    except MissingError as error:
        return Result(row.name, missing=str(error))
    versions = FOLDER / f"{row.name}.versions"
    environment = {
        **os.environ,
        "MATRIX_POSTGRES": str(postgres),
        "MATRIX_REDIS": str(redis),
        "MATRIX_VERSIONS": str(versions),
        "PATH": f"/usr/sbin:{os.environ.get('PATH', '')}",
    }
    begin = time.monotonic()
    counts = run_tests(python, environment, row, ["-n", str(workers), "--dist=loadgroup", *paths])
    again = 0
    if counts.get("failed") or counts.get("error"):
        second = run_tests(python, environment, row, ["-n0", "--last-failed", *paths], second=True)
        again = second.get("passed", 0)
        counts["passed"] = counts.get("passed", 0) + again
        counts["failed"] = second.get("failed", 0) + second.get("error", 0)
    said = json.loads(versions.read_text()) if versions.exists() else {}
    return Result(
        row.name,
        paths=list(paths),
        python=f"{said.get('Python', '?')} ({python.source})",
        postgres=f"{said.get('PostgreSQL', '?')} ({postgres_source})",
        redis=f"{said.get('Redis', '?')} ({redis_source})",
        passed=counts.get("passed", 0),
        failed=counts.get("failed", 0),
        skipped=counts.get("skipped", 0),
        again=again,
        minutes=(time.monotonic() - begin) / 60,
    )


def run_tests(
    python: Installation, environment: dict[str, str], row: Row, words: list[str], *, second: bool = False
) -> dict[str, int]:
    """Run pytest; its output goes to a file. Returns its counts by word."""
    log_path = FOLDER / f"{row.name}{'.again' if second else ''}.log"
    say(f"{row.name}: testing{' what failed again' if second else ''} (log: {log_path})")
    options = ["-p", "matrix.plugin", "-q", "-m", MARKED, "--timeout=180", "-o", f"cache_dir={FOLDER / row.name}.cache"]
    with log_path.open("w") as log:
        command = python.command("-m", "pytest", *options, *words)
        subprocess.run(command, stdout=log, stderr=log, env=environment, cwd=CHECKOUT, check=False)
    last = log_path.read_text(errors="replace").rstrip().rpartition("\n")[2]
    counts = {"error" if word == "errors" else word: int(number) for number, word in _COUNTS.findall(last)}
    return counts or {"failed": 1}


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
