"""`holdfast serve` with WORKERS above 1: API processes that share one listening port, started by a small parent."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import structlog

from holdfast.cli.addresses import EVERY_ADDRESS, listening_socket
from holdfast.http.turns import Turns, leave, table_bytes
from holdfast.infrastructure.embedded import launcher
from holdfast.infrastructure.embedded.errors import EmbeddedError
from holdfast.settings import Settings
from holdfast.telemetry import processes
from holdfast.telemetry.logging import configure_logging

LISTEN_VARIABLE = "HOLDFAST_LISTEN_FD"
"""Contains the file descriptor of the socket that a process shares with its siblings."""
SIBLINGS_VARIABLE = "HOLDFAST_SIBLINGS_FD"
"""Contains that of the table by which they distribute connections (`http.turns`)."""

_BACKLOG = 4_096
_LOOK_SECONDS = 0.1
_SOUND_SECONDS = 5.0
"""A process that lived this long had started properly. Its successor is started at once."""
_PAUSE_SECONDS_MAX = 5.0
_FAILED_STARTS_MAX = 3

log = structlog.get_logger(__name__)


@dataclass
class _Place:
    """The place of one process. When it dies, its successor takes the place and continues its counters."""

    number: int
    process: "subprocess.Popen[bytes] | None" = None
    started_at: float = 0.0
    start_at: float = 0.0
    failed_starts: int = 0


@dataclass
class _Stop:
    requested: bool = False


@dataclass(frozen=True)
class _Shared:
    """What the processes of a node share."""

    metrics: Path
    """The folder with their metric values."""
    listener: socket.socket
    table_fd: int


def serve_with_workers(settings: Settings) -> int:
    """Serve as one of several processes, as their parent, or alone; return the exit code."""
    listen_fd = os.environ.pop(LISTEN_VARIABLE, None)
    siblings_fd = os.environ.pop(SIBLINGS_VARIABLE, None)
    if listen_fd is None and settings.workers > 1:
        configure_logging(settings.app_env, settings.log_level, secrets=settings.secrets())
        if settings.log_caller_key is None:
            os.environ["LOG_CALLER_KEY"] = secrets.token_hex(16)  # one for all; otherwise each would make its own
        return run_workers(settings)
    from holdfast.bootstrap.api import serve  # noqa: PLC0415 - it is large, and the parent does not need it

    if listen_fd is None and settings.host == EVERY_ADDRESS:  # otherwise the loop would listen on IPv6 only
        listen_fd = str(_listening(settings.host, settings.port).detach())
    turns = None if siblings_fd is None else Turns(int(siblings_fd), int(processes.place()))
    serve(settings, None if listen_fd is None else int(listen_fd), turns)
    return 0


def run_workers(settings: Settings) -> int:
    """Run the processes until SIGTERM or SIGINT, and restart those that die; return the exit code.

    Raises:
        EmbeddedError: if the port cannot be listened on.
    """
    stop = _Stop()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: setattr(stop, "requested", True))
    folder = Path(tempfile.mkdtemp(prefix="holdfast-metrics-"))
    try:
        with _listening(settings.host, settings.port) as listener, tempfile.TemporaryFile(dir=folder) as table:
            table.write(bytes(table_bytes(settings.workers)))  # truncating would not reserve the space
            table.flush()
            places = [_Place(number) for number in range(settings.workers)]
            sound = _watch(places, stop, _Shared(folder, listener, table.fileno()))
        _end(places, settings.shutdown_seconds)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0 if sound else 1


def _listening(host: str, port: int) -> socket.socket:
    """Listen once for all processes. Whichever comes first accepts a waiting connection, even if another has died."""
    try:
        return listening_socket(host, port, backlog=_BACKLOG)
    except OSError as error:
        raise EmbeddedError(f"HOST and PORT: cannot listen on {host} port {port}: {error.strerror or error}") from None


def _watch(places: list[_Place], stop: _Stop, shared: _Shared) -> bool:
    """Keep a process running in every place until asked to stop; return False if they cannot be started."""
    while not stop.requested:
        for place in places:
            if place.process is None and time.monotonic() >= place.start_at:
                _start(place, shared)
            elif place.process is not None and place.process.poll() is not None:
                _bury(place, shared)
            if place.failed_starts >= _FAILED_STARTS_MAX:
                log.error("processes_cannot_start", failed_starts=place.failed_starts)
                return False
        time.sleep(_LOOK_SECONDS)
    return True


def _start(place: _Place, shared: _Shared) -> None:
    environment: Mapping[str, str] = {
        **os.environ,
        LISTEN_VARIABLE: str(shared.listener.fileno()),
        SIBLINGS_VARIABLE: str(shared.table_fd),
        processes.FOLDER_VARIABLE: str(shared.metrics),
        processes.PLACE_VARIABLE: str(place.number),
    }
    # The launcher makes it end with this parent, however that ends.
    options = [f"--death-signal={int(signal.SIGTERM)}", f"--parent={os.getpid()}"]
    place.process = subprocess.Popen(  # noqa: S603 - this same program
        [sys.executable, "-I", "-S", launcher.__file__, *options, "--", sys.executable, "-m", "holdfast", "serve"],
        env=environment,
        pass_fds=[shared.listener.fileno(), shared.table_fd],
        process_group=0,
    )
    place.started_at = time.monotonic()
    log.info("process_started", place=place.number, process=place.process.pid)


def _bury(place: _Place, shared: _Shared) -> None:
    """Remove the gauges and connections of a process that has ended, and schedule its successor."""
    assert place.process is not None
    lived_seconds = time.monotonic() - place.started_at
    log.warning("process_ended", place=place.number, process=place.process.pid, exit_code=place.process.returncode)
    leave(shared.table_fd, place.number)
    processes.forget_dead(shared.metrics, str(place.number))
    place.process = None
    place.failed_starts = 0 if lived_seconds >= _SOUND_SECONDS else place.failed_starts + 1
    pause_seconds = 0.0 if place.failed_starts == 0 else min(0.25 * 2**place.failed_starts, _PAUSE_SECONDS_MAX)
    place.start_at = time.monotonic() + pause_seconds


def _end(places: list[_Place], seconds: float) -> None:
    """End all processes. Each finishes its requests under way."""
    deadline = time.monotonic() + seconds
    living = [place.process for place in places if place.process is not None]
    for process in living:
        process.send_signal(signal.SIGTERM)
    for process in living:
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            log.warning("process_killed", process=process.pid)
            process.kill()
            process.wait()
