"""The table of docs/matrix.md."""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from matrix.rows import Row

_HEAD = """\
# What the tests were run on

`make test-matrix` runs the engine's tests and those of the HTTP contract on other versions of Python, PostgreSQL and
Redis than the ones that `make test` uses, and writes this page. The versions are those that the running servers named.

Last run: {date}, on a machine with {cores} cores.

| Python | PostgreSQL | Redis | tests | passed | failed | skipped | minutes |
|---|---|---|---|--:|--:|--:|--:|
"""
_FOOT = """
Tests that failed at first are run once more, one at a time, because a time limit may run out on a busy machine. What
passed then is counted as passed, with its number in brackets.

The tests are folders and modules of `tests/`. `make test-matrix MATRIX_ARGS="--only py3.12-pg16-redis6.2"` runs one
row, `--quick` the core of the tests. A row's result stays in `build/matrix/`, so rows can be run at different times.
The pipeline runs all rows, and `make test` as a whole on each Python ([deployment.md](deployment.md#the-pipeline)).

The programs come from Debian's packages, from wheels (PostgreSQL 18, Redis 6.2, Valkey), from npm (PostgreSQL up to
17), and from Pythons on the machine. A Python that is not there is taken from a newer Debian, which is installed into
`build/matrix/`; that needs root and `debootstrap`.
"""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a row."""

    name: str
    paths: Sequence[str] = ()
    python: str = ""
    postgres: str = ""
    redis: str = ""
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    again: int = 0
    """How many of `passed` did so only when run once more."""
    minutes: float = 0.0
    missing: str = ""
    """Why it could not run."""

    @classmethod
    def of(cls, path: Path, row: Row) -> "Result":
        """Read the result of an earlier run."""
        if not path.exists():
            return cls(row.name, missing="not run")
        given: dict[str, Any] = json.loads(path.read_text())
        return cls(**given)

    def as_json(self) -> dict[str, Any]:
        """Return what `of` reads."""
        return asdict(self)

    @property
    def line(self) -> str:
        """One line for a terminal."""
        if self.missing:
            return f"{self.name}: not run: {self.missing}"
        counts = f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"
        return f"{self.name}: {counts} ({self.again} at the second try)"


def write_table(path: Path, results: Sequence[Result]) -> None:
    """Write the page."""
    text = _HEAD.format(date=datetime.now(UTC).strftime("%Y-%m-%d"), cores=os.cpu_count())
    text += "".join(f"{_table_line(result)}\n" for result in results)
    path.write_text(text + _FOOT, encoding="utf-8")


def _table_line(result: Result) -> str:
    if result.missing:
        return f"| {result.name} | | | not run: {result.missing} | | | | |"
    passed = f"{result.passed} ({result.again})" if result.again else str(result.passed)
    numbers = (passed, str(result.failed), str(result.skipped), f"{result.minutes:.0f}")
    paths = ", ".join(name.removeprefix("tests/") for name in result.paths)
    return f"| {' | '.join((result.python, result.postgres, result.redis, paths, *numbers))} |"
