"""`holdfast run` or `holdfast scale` as a whole: the command with everything that it starts."""

import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from chaos.buyers.caller import Target
from chaos.buyers.load import answers, until
from chaos.site.ports import quiet_port
from chaos.site.processes import off_loop
from holdfast.infrastructure.embedded.postgres import running_url
from holdfast.infrastructure.embedded.process import Child

CHECKOUT = Path(__file__).parents[2]
_START_SECONDS = 60.0
_END_SECONDS = 20.0


@dataclass(slots=True)
class WholeRun:
    """One run: its command, its data folder, and its address."""

    child: Child
    data_dir: Path
    target: Target
    environment: Mapping[str, str]

    @property
    def database_url(self) -> str:
        """The owner's URL of the run's PostgreSQL."""
        url = running_url(self.data_dir)
        assert url is not None, "the run has ended"
        return url

    async def started(self) -> bool:
        """Wait until it responds; False if it exits or does not become ready."""

        async def settled() -> bool:
            return not self.child.alive or await answers(self.target, "/health")

        return await until(settled, _START_SECONDS) and self.child.alive

    def told(self) -> list[str]:
        """Return the lines that it printed."""
        return self.child.log_path.read_text(errors="replace").splitlines()


@asynccontextmanager
async def whole_run(
    data_dir: Path,
    log_path: Path,
    *,
    command: str = "run",
    environment: Mapping[str, str] | None = None,
    prefix: Sequence[str] = (),
) -> AsyncIterator[WholeRun]:
    """Start a run on an empty data folder, without waiting for it; end it as Ctrl-C does.

    Args:
        data_dir: Its data folder.
        log_path: Receives its output.
        command: `run` or `scale`.
        environment: Settings in addition to the usual ones.
        prefix: Arguments in front of its command.
    """
    target = Target("127.0.0.1", quiet_port())
    kept = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
    given = {
        **kept,
        "PORT": str(target.port),
        "HOLDFAST_DATA_DIR": str(data_dir),
        "APP_ENV": "production",
        "AUTH_MODE": "open",
        "LOG_LEVEL": "WARNING",
        "WORKER_METRICS_PORT": "0",
        **(environment or {}),
    }
    child = Child(
        f"holdfast {command}",
        [*prefix, sys.executable, "-m", "holdfast", command],
        log_path=log_path,
        death_signal=signal.SIGTERM,
        environment=given,
        work_dir=CHECKOUT,
    )
    run = WholeRun(child, data_dir, target, given)
    await off_loop(child.start)
    try:
        yield run
    finally:
        await off_loop(lambda: child.end((signal.SIGTERM, _END_SECONDS)))
