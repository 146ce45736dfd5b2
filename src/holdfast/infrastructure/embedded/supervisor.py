"""Keeps a set of processes running, and ends them together."""

import contextlib
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from holdfast.infrastructure.embedded.keeper import Keeper
from holdfast.infrastructure.embedded.log_file import bound_log
from holdfast.infrastructure.embedded.nginx import EmbeddedNginx
from holdfast.infrastructure.embedded.postgres import EmbeddedPostgres
from holdfast.infrastructure.embedded.process import Child
from holdfast.infrastructure.embedded.redis import EmbeddedRedis
from holdfast.infrastructure.embedded.stop_signals import StopSignals

Server: TypeAlias = EmbeddedPostgres | EmbeddedRedis | EmbeddedNginx

_LOOK_SECONDS = 0.1
_LOG_LOOK_SECONDS = 1.0
SERVERS_SECONDS = 2.0
"""The part of the shutdown time reserved for the servers, after the programs have ended."""
FRONT_SECONDS = 2.0
"""The part of the shutdown time that the front server may take, before the programs are told to end."""


class Supervisor:
    """The processes of one run: servers, and the programs that use them. Any that ends by itself is restarted."""

    def __init__(
        self,
        *,
        shutdown_seconds: float,
        tell: Callable[[str], None],
    ) -> None:
        """Set up a run without processes.

        Args:
            shutdown_seconds: The longest time from a stop signal until everything has ended.
            tell: Receives one line at a time for the person watching.
        """
        self._servers: list[Server] = []
        self._front: EmbeddedNginx | None = None
        self._programs: list[Child] = []
        self._keepers: list[Keeper] = []
        self._excused: list[Child] = []
        self._shutdown_seconds = shutdown_seconds
        self._server_seconds = min(SERVERS_SECONDS, shutdown_seconds / 2)
        self._tell = tell
        self._logs_looked_at = 0.0

    @property
    def programs(self) -> Sequence[Child]:
        """The programs, in the order they were started."""
        return tuple(self._programs)

    def start_server(self, server: Server, *, optional: bool = False) -> None:
        """Start a server and keep it running.

        Args:
            server: The server to start.
            optional: Whether the run goes on without the server if it does not stay up.

        Raises:
            EmbeddedError: if it cannot be started.
        """
        self._servers.append(server)
        server.start()
        self._keepers.append(Keeper(server.name, server, optional=optional, tell=self._tell))

    def start_front(self, front: EmbeddedNginx) -> None:
        """Start the server in front, which receives the requests. It is kept running like the others, and ended first.

        Raises:
            EmbeddedError: if it cannot be started.
        """
        self._front = front
        self.start_server(front)

    def start_program(self, program: Child) -> None:
        """Start a program that uses the servers, and keep it running."""
        self._programs.append(program)
        program.start()
        self._keepers.append(Keeper(program.name, program, optional=False, tell=self._tell))

    @contextlib.contextmanager
    def excused(self, program: Child) -> Iterator[None]:
        """Do not restart this program, and do not count its end as a failure, while the caller is restarting it."""
        self._excused.append(program)
        try:
            yield
        finally:
            self._excused.remove(program)

    def watch(self, stop: StopSignals, chore: Callable[[], None] = lambda: None) -> bool:
        """Wait until the run is asked to stop; return False if a required process has failed for good before that.

        Args:
            stop: The stop request.
            chore: Called several times a second; it must be quick.
        """
        while not stop.requested:
            if not all(keeper.look() for keeper in self._keepers if keeper.part not in self._excused):
                return False
            self._bound_logs()
            chore()
            time.sleep(_LOOK_SECONDS)
        return True

    def end(self) -> None:
        """End everything within `shutdown_seconds`: first the front server, then the programs, then the servers."""
        deadline = time.monotonic() + self._shutdown_seconds - self._server_seconds
        for keeper in self._keepers:
            keeper.abandon()
        if self._front is not None:
            self._servers.remove(self._front)
            self._front.stop(seconds=min(FRONT_SECONDS, self._shutdown_seconds / 4))
            self._front = None
        for program in self._programs:
            program.send(signal.SIGTERM)
        for program in reversed(self._programs):
            if not program.wait(deadline - time.monotonic()):
                self._tell(f"{program.name} did not end in time and is killed")
                program.end((signal.SIGKILL, 1.0))
        for server in reversed(self._servers):
            server.stop(seconds=self._server_seconds / 2)

    def _bound_logs(self) -> None:
        if time.monotonic() < self._logs_looked_at + _LOG_LOOK_SECONDS:
            return
        self._logs_looked_at = time.monotonic()
        for keeper in self._keepers:
            bound_log(keeper.part.log_path)
