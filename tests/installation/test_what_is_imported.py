"""What stays in memory for as long as a process runs: each imports only what it works with."""

import subprocess
import sys

import pytest

_MIGRATIONS = {"sqlalchemy", "alembic"}
_TERMINAL = {"rich", "pygments"}
_NOBODY = {"numpy", "matplotlib", "pytest", "hypothesis", "k6"}


@pytest.mark.parametrize(
    ("imports", "unwanted"),
    [
        (
            "import holdfast.cli, holdfast.settings, holdfast.cli.run, holdfast.cli.scale",
            _MIGRATIONS | _TERMINAL | _NOBODY | {"asyncpg", "redis", "uvloop", "starlette", "structlog"},
        ),
        (
            "import holdfast.telemetry.without_rich, holdfast.cli, holdfast.bootstrap.api",
            _MIGRATIONS | _TERMINAL | _NOBODY,
        ),
        (
            "import holdfast.telemetry.without_rich, holdfast.cli, holdfast.bootstrap.worker",
            _MIGRATIONS | _TERMINAL | _NOBODY | {"redis", "starlette", "httptools", "uvicorn"},
        ),
    ],
)
def test_a_process_imports_only_what_it_works_with(imports, unwanted):
    """SQLAlchemy and Alembic in the supervisor took 50 MiB in every run, for a single check of the schema."""
    look = f"import sys; {imports}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert "holdfast" in done.stdout
    assert not unwanted & set(done.stdout.split())


def test_without_rich_leaves_rich_to_others():
    look = "import holdfast.telemetry.without_rich; import rich.console, structlog; print(structlog.dev.rich)"
    assert subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True).stdout == "None\n"
