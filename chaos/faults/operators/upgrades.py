"""A rolling upgrade from the last release to this version, behind nginx, while tickets are sold."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from chaos.buyers.caller import Target
from chaos.buyers.load import Habits, Load, answers, until
from chaos.faults.database import execute
from chaos.site.ports import quiet_port
from chaos.site.processes import NotReadyError, Program, off_loop
from chaos.site.whole_run import CHECKOUT
from chaos.trial import CannotBeInjectedError, Trial, fault
from holdfast.infrastructure.embedded.folder import private_folder
from holdfast.infrastructure.embedded.nginx import EmbeddedNginx
from holdfast.infrastructure.embedded.nginx_config import Address
from holdfast.infrastructure.embedded.process import Child

LAST_RELEASE = CHECKOUT / "build" / "last-release" / ".venv" / "bin" / "python"
"""Put there by `make last-release`."""
REQUESTS_MIN = 20_000
_DATABASE = "upgraded"
_ANSWERED_SECONDS_MAX = 240.0
_BUSY_SHARE_MAX = 0.001
_NODES = 3
_BUYERS = 24
_BETWEEN_SECONDS = 1.0
"""Load on every mixture of old and new nodes."""


@dataclass(slots=True)
class _Installation:
    """A database of the last release's schema with its nodes behind nginx; each node keeps its port."""

    trial: Trial
    url: str
    targets: Sequence[Target]
    front: EmbeddedNginx
    front_target: Target
    nodes: list[Program]

    def environment(self, target: Target | None) -> dict[str, str]:
        """Return the settings of a process."""
        kept = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
        given = {
            "DATABASE_URL": self.url,
            "REDIS_URL": self.trial.site.redis.url,
            "HOST": "127.0.0.1",
            "APP_ENV": "production",
            "AUTH_MODE": "open",
            "LOG_LEVEL": "WARNING",
            "TRUSTED_PROXIES": "127.0.0.1",
            "WORKER_METRICS_PORT": "0",
            "WRITE_POOL_SIZE": "3",
            "READ_POOL_SIZE": "3",
        }
        return {**kept, **given, **({"PORT": str(target.port)} if target else {})}

    def program(self, command: str, version: str, number: int) -> Program:
        """Describe a node of a port, or a worker, of the last release (`old`) or of this version (`new`)."""
        target = self.targets[number - 1] if command == "serve" else None
        name = f"{version}-{command}-{number}"
        if version == "new":
            program = self.trial.site.program(command, name, self.environment(target))
            program.target = target
            return program
        child = Child(
            name,
            [str(LAST_RELEASE), "-m", "holdfast", command],
            log_path=self.trial.folder / f"{name}.log",
            death_signal=signal.SIGKILL,
            environment=self.environment(target),
            work_dir=CHECKOUT,
        )
        return Program(child, private_folder(self.trial.folder / name), target, number)

    async def command(self, python: str, *words: str) -> tuple[int, str]:
        """Run a command of one of the two versions; return its exit code and output."""
        process = await asyncio.create_subprocess_exec(
            *(python, "-m", "holdfast", *words),
            env=self.environment(None),
            cwd=CHECKOUT,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate()
        return process.returncode or 0, said.decode(errors="replace")

    async def replace(self, number: int) -> int | None:
        """Leave a node out, end it, start the new version on its port; return how the old one ended."""
        old = self.nodes[number - 1]
        self.front.leave_out(number)
        await asyncio.sleep(0.5)
        await old.end()
        self.nodes[number - 1] = self.program("serve", "new", number)
        await self.nodes[number - 1].start()
        self.front.put_back(number)
        return old.child.exit_code


@asynccontextmanager
async def _installation(trial: Trial) -> AsyncIterator[_Installation]:
    site = trial.site
    targets = [Target("127.0.0.1", quiet_port()) for _ in range(_NODES)]
    front_target = Target("127.0.0.1", quiet_port())
    front = EmbeddedNginx(
        private_folder(trial.folder / "proxy"),
        listen=Address(*front_target),
        nodes=[Address(*target) for target in targets],
    )
    place = _Installation(trial, site.postgres.url_of(_DATABASE), targets, front, front_target, [])
    superuser = site.postgres.superuser_url
    await execute(superuser, f"DROP DATABASE IF EXISTS {_DATABASE} WITH (FORCE)")
    await execute(superuser, f"CREATE DATABASE {_DATABASE} OWNER holdfast")
    try:
        code, said = await place.command(str(LAST_RELEASE), "migrate", "up")
        if code != 0:
            raise NotReadyError(said)
        place.nodes = [place.program("serve", "old", number) for number in range(1, _NODES + 1)]
        await asyncio.gather(*(node.start() for node in place.nodes))
        await off_loop(front.start)
        await until(lambda: answers(front_target, "/readyz"), 20.0)
        yield place
    finally:
        await off_loop(front.stop)
        await asyncio.gather(*(node.end() for node in place.nodes))
        await execute(superuser, f"DROP DATABASE IF EXISTS {_DATABASE} WITH (FORCE)")


@fault(
    "upgraded-from-the-last-release",
    "operators",
    injection="three nodes and a worker of the last release sell behind nginx; `holdfast migrate up` of this version, "
    "then each process is replaced in turn, then `holdfast migrate finish`",
    expected="of at least 20,000 requests none fails, with nodes of both versions at work; at most one in a thousand "
    "is told to come again",
    invariants="all; nothing lost",
    seconds_max=600.0,
)
async def _upgraded_from_the_last_release(trial: Trial) -> None:
    if not LAST_RELEASE.exists():
        raise CannotBeInjectedError("the last release is not installed: `make last-release` does that")
    async with _installation(trial) as place, AsyncExitStack() as stack:
        worker = place.program("work", "old", 1)
        await worker.start()
        stack.push_async_callback(worker.end)
        habits = Habits(pause_seconds=0.005)
        url = place.url
        async with trial.load(
            [place.front_target], events=3, buyers=_BUYERS, habits=habits, database_url=lambda: url
        ) as load:
            await _share_of_requests(load, 0.2)
            code, said = await place.command(sys.executable, "migrate", "up")
            trial.expect(code == 0, f"the schema is migrated under load ({said.strip()[-200:]})")
            for number in range(1, _NODES + 1):
                await asyncio.sleep(_BETWEEN_SECONDS)
                ended = await place.replace(number)
                trial.expect(ended == 0, f"old node {number} ends in order (exit code {ended})")
            await worker.end()
            worker = place.program("work", "new", 1)
            await worker.start()
            stack.push_async_callback(worker.end)
            code, said = await place.command(sys.executable, "migrate", "finish")
            trial.expect(code == 0, f"the upgrade is finished ({said.strip()[-200:]})")
            await _share_of_requests(load, 1.0)
            requests = load.tally.statuses.total()
            trial.expect(requests >= REQUESTS_MIN, f"at least {REQUESTS_MIN:,} requests ({requests:,} were)")
            _expect_no_failure(trial, load)


def _expect_no_failure(trial: Trial, load: Load) -> None:
    """Expect that no connection broke, and that hardly anybody had to send a request twice.

    The driver of the last release's nodes keeps the row type of `reservations`. When the migration has added a column,
    the next read on each connection fails, and nodes of that release tell it as 503 with `outcome: none`.
    """
    busy = load.tally.statuses["503"]
    broken = load.tally.failures() - busy
    trial.expect(broken == 0, f"no request fails ({broken} did)")
    share = busy / load.tally.statuses.total()
    trial.expect(share <= _BUSY_SHARE_MAX, f"at most {_BUSY_SHARE_MAX:.1%} are told to come again ({busy} were)")


async def _share_of_requests(load: Load, share: float) -> None:
    """Wait until this share of the requests has been answered."""

    async def answered() -> bool:
        return load.tally.statuses.total() >= share * REQUESTS_MIN

    await until(answered, _ANSWERED_SECONDS_MAX)
