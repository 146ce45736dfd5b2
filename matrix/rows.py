"""Which versions are run together.

Every supported Python and PostgreSQL, and every kind of Redis, is in one row at least. All combinations would be 48
runs; nothing in the code depends on two of the three at once.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One run of the tests."""

    python: str
    """As `3.12`."""
    postgres: int
    """The major version."""
    redis: str
    """`redis 6.2`, `redis 7`, `valkey 9`."""

    @property
    def name(self) -> str:
        """As `py3.12-pg16-redis7`, for files and for --only."""
        return f"py{self.python}-pg{self.postgres}-{self.redis.replace(' ', '')}"


ROWS = (
    Row("3.11", 15, "redis 7"),
    Row("3.12", 16, "redis 6.2"),
    Row("3.13", 17, "redis 7"),
    Row("3.14", 18, "valkey 9"),
)

PATHS = (
    "tests/postgres",
    "tests/migrations",
    "tests/batching",
    "tests/races",
    "tests/faults",
    "tests/hoarding",
    "tests/reading",
    "tests/reports",
    "tests/worker",
    "tests/api",
    "tests/domain",
)
"""The engine's tests, and those of the HTTP contract, schemathesis among them."""

QUICK_PATHS = (
    "tests/postgres",
    "tests/races",
    "tests/worker",
    "tests/api/test_reservations.py",
)
"""Their core, for `--quick`: statements and plans, who wins a seat, the worker, and the contract of reservations."""
