"""A rolling restart: restarts the nodes of a running `holdfast scale` one after another while the others answer."""

import contextlib
import json
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

from holdfast.cli.console import say, tell
from holdfast.cli.programs import answers
from holdfast.infrastructure.embedded import EmbeddedError
from holdfast.infrastructure.embedded.folder import FolderLock, write_secret
from holdfast.infrastructure.embedded.nginx import EmbeddedNginx
from holdfast.infrastructure.embedded.nginx_config import Address
from holdfast.infrastructure.embedded.process import Child
from holdfast.infrastructure.embedded.supervisor import Supervisor

_SETTLE_SECONDS = 0.3
"""The time between leaving a node out and stopping it. By then, nginx has passed on what it had accepted for it."""
_END_SECONDS = 12.0
_READY_SECONDS = 30.0
_UNREADY_LOOK_SECONDS = 1.0
_LOCK_NAME = "scale.lock"
_PROGRESS_NAME = "rolling-restart.json"


class Request(Protocol):
    """Whether a rolling restart has been requested."""

    made: bool


@dataclass(frozen=True, slots=True)
class Node:
    """One API node, by its number from 1."""

    number: int
    address: Address
    program: Child

    @property
    def name(self) -> str:
        """Its name in messages."""
        return self.program.name

    def url(self, path: str) -> str:
        """Return the URL of one of its pages, bypassing nginx."""
        return f"http://{self.address}{path}"


@dataclass(frozen=True, slots=True)
class Progress:
    """How many rolling restarts have begun and ended, and what went wrong in the last one."""

    begun: int = 0
    ended: int = 0
    failure: str = ""


class RollingRestart:
    """Restarts the nodes in small steps, between which the supervisor looks after everything else."""

    def __init__(self, nodes: Sequence[Node], front: EmbeddedNginx, supervisor: Supervisor, data_dir: Path) -> None:
        self._nodes = nodes
        self._front = front
        self._supervisor = supervisor
        self._path = data_dir / _PROGRESS_NAME
        self._steps: Iterator[None] | None = None
        self._progress = Progress()
        self._unready: list[Node] = []
        self._look_at = 0.0
        self._write()

    def go_on(self, request: Request) -> None:
        """Take the next step, or start if there is a request."""
        self._put_back_ready_ones()
        if self._steps is None:
            if not request.made:
                return
            request.made = False
            self._progress = Progress(self._progress.begun + 1, self._progress.ended)
            self._write()
            self._steps = self._restart_all()
        try:
            next(self._steps)
        except StopIteration:
            self._finish("")
        except EmbeddedError as error:
            tell(str(error))
            self._finish(str(error))

    def _finish(self, failure: str) -> None:
        self._steps = None
        self._progress = Progress(self._progress.begun, self._progress.ended + 1, failure)
        self._write()

    def _write(self) -> None:
        write_secret(self._path, json.dumps(asdict(self._progress)))

    def _restart_all(self) -> Iterator[None]:
        if len(self._nodes) < 2:
            raise EmbeddedError("a rolling restart needs at least two nodes: set NODES=2 or more")
        for node in self._nodes:
            if not any(_ready(other) for other in self._nodes if other is not node):
                raise EmbeddedError(f"no other node is ready: {node.name} is not restarted")
            with self._supervisor.excused(node.program), self._left_out(node):
                yield from self._restart(node)
            say(f"{node.name} was restarted")
        say("Rolling restart done")

    @contextlib.contextmanager
    def _left_out(self, node: Node) -> Iterator[None]:
        """Send a node no requests inside the block, nor afterwards until it is ready."""
        self._front.leave_out(node.number)
        try:
            yield
        finally:
            if _ready(node):
                self._front.put_back(node.number)
                self._unready = [other for other in self._unready if other is not node]
            elif node not in self._unready:
                self._unready.append(node)

    def _put_back_ready_ones(self) -> None:
        """Put back nodes that have become ready after their time was up."""
        if not self._unready or time.monotonic() < self._look_at:
            return
        self._look_at = time.monotonic() + _UNREADY_LOOK_SECONDS
        for node in [node for node in self._unready if _ready(node)]:
            self._unready.remove(node)
            self._front.put_back(node.number)
            say(f"{node.name} is ready and gets requests again")

    def _restart(self, node: Node) -> Iterator[None]:
        settled_at = time.monotonic() + _SETTLE_SECONDS
        yield from _until(lambda: time.monotonic() > settled_at, 2 * _SETTLE_SECONDS)
        node.program.send(signal.SIGTERM)
        yield from _until(lambda: not node.program.alive, _END_SECONDS)
        if node.program.alive:
            tell(f"{node.name} did not end in time and is killed")
            node.program.end()
        node.program.start()
        yield from _until(lambda: not node.program.alive or _ready(node), _READY_SECONDS)
        if not _ready(node):
            raise EmbeddedError(
                f"{node.name} is not ready again and gets no requests until it is; the others stay as they are "
                f"(log: {node.program.log_path})"
            )


def running_lock(data_dir: Path) -> FolderLock:
    """Return the lock that a running `holdfast scale` holds, with its process id in the file."""
    return FolderLock(data_dir / _LOCK_NAME)


def request_rolling_restart(data_dir: Path, *, seconds_max: float = 600.0) -> None:
    """Ask the `holdfast scale` of a data folder for a rolling restart, and wait until it has ended.

    Raises:
        EmbeddedError: if none is running there, or a node did not come back.
    """
    data_dir = data_dir.absolute()
    process = _running_process(data_dir)
    wanted = _progress(data_dir).begun + 1
    os.kill(process, signal.SIGUSR1)
    deadline = time.monotonic() + seconds_max
    while _progress(data_dir).ended < wanted:
        if time.monotonic() > deadline or not Path(f"/proc/{process}").exists():
            raise EmbeddedError(f"the rolling restart did not come to its end (process {process})")
        time.sleep(0.1)
    failure = _progress(data_dir).failure
    if failure:
        raise EmbeddedError(failure)
    say("Every node was restarted")


def _running_process(data_dir: Path) -> int:
    path = data_dir / _LOCK_NAME
    if path.exists():
        try:
            with running_lock(data_dir):
                pass
        except EmbeddedError:
            return int(path.read_text())
    raise EmbeddedError(
        f"no `holdfast scale` runs in {data_dir}: start one with `make scale`, or set HOLDFAST_DATA_DIR"
    )


def _progress(data_dir: Path) -> Progress:
    return Progress(**json.loads((data_dir / _PROGRESS_NAME).read_text()))


def _ready(node: Node) -> bool:
    return answers(node.url("/readyz"), seconds=0.5)


def _until(condition: Callable[[], bool], seconds: float) -> Iterator[None]:
    """Yield to the supervisor until the condition is true or the time is over."""
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        yield
