"""A private nginx in front of several API nodes."""

import os
import pwd
import shutil
import signal
import socket
from collections.abc import Sequence
from pathlib import Path

from holdfast.infrastructure.embedded import nginx_config
from holdfast.infrastructure.embedded.errors import EmbeddedError
from holdfast.infrastructure.embedded.folder import private_folder
from holdfast.infrastructure.embedded.log_file import log_tail
from holdfast.infrastructure.embedded.nginx_config import Address
from holdfast.infrastructure.embedded.process import Child, end_leftovers, wait_until

_START_SECONDS = 10.0
_PLACES = ("/usr/sbin/nginx", "/usr/local/sbin/nginx")
"""Where packages install it. An ordinary user often has neither folder on PATH."""


def nginx_program() -> Path:
    """Return the path of the installed nginx.

    Raises:
        EmbeddedError: if it is not installed.
    """
    for place in (shutil.which("nginx"), *_PLACES):
        if place and os.access(place, os.X_OK):
            return Path(place).absolute()
    raise EmbeddedError("nginx is not installed: on Debian or Ubuntu, apt-get install nginx")


class EmbeddedNginx:
    """An nginx that works in a data folder (`nginx/`), reads deploy/nginx.conf, and ends with this process."""

    name = "nginx"
    """Its name in messages."""

    def __init__(
        self,
        data_dir: Path,
        *,
        listen: Address,
        nodes: Sequence[Address],
        trusted_proxies: Sequence[str] = (),
        allow_origins: str = "*",
        gateway_peers: Sequence[str] | None = None,
    ) -> None:
        """Set everything up without writing or starting anything.

        Args:
            data_dir: The private folder of the run.
            listen: The address for clients.
            nodes: The addresses of the API nodes, which are numbered from 1.
            trusted_proxies: Addresses and networks whose X-Forwarded-For is trusted.
            allow_origins: The origins that may read nginx's own error responses, in the form of CORS_ALLOW_ORIGINS.
            gateway_peers: Addresses and networks whose X-User-ID and X-User-Roles pass to the nodes; None: everybody's.
        """
        self.work_dir = data_dir.absolute() / "nginx"
        self.log_path = data_dir.absolute() / "nginx.log"
        self._listen = listen
        self._nodes = tuple(nodes)
        self._trusted_proxies = tuple(trusted_proxies)
        self._allow_origins = allow_origins
        self._gateway_peers = gateway_peers
        self._drain_folder = self.work_dir / nginx_config.DRAIN_FOLDER
        self._left_out: set[int] = set()
        self._child: Child | None = None

    @property
    def exit_code(self) -> int | None:
        """How its process ended; None while it is running."""
        return None if self._child is None else self._child.exit_code

    @property
    def alive(self) -> bool:
        """Whether its master process is running."""
        return self._child is not None and self._child.alive

    @property
    def pid(self) -> int:
        """The process id of its master process."""
        if self._child is None:
            raise RuntimeError("nginx was not started")
        return self._child.pid

    def start(self) -> None:
        """End what an earlier run left behind, write the files, start nginx and wait until it accepts connections.

        Raises:
            EmbeddedError: if nginx is not installed or does not start; the message quotes its log.
        """
        if self.alive:
            return
        program = nginx_program()
        private_folder(self.work_dir)
        end_leftovers(self.work_dir, (signal.SIGTERM, 2.0))
        self._write()
        prefix = f"{self.work_dir}/"
        child = self._child = Child(
            "nginx",
            [str(program), "-p", prefix, "-c", f"{prefix}nginx.conf", "-e", "stderr", "-g", "daemon off;"],
            log_path=self.log_path,
            death_signal=signal.SIGTERM,  # a kill would leave its workers behind
            work_dir=self.work_dir,
        )
        child.start()
        if wait_until(lambda: not child.alive or self._accepts(), _START_SECONDS) and child.alive:
            return
        self.stop(seconds=1.0)
        lines = log_tail(self.log_path)
        reason = next(
            (line for line in reversed(lines) if "[emerg]" in line), lines[-1] if lines else "no reason given"
        )
        raise EmbeddedError(f"nginx does not start: {reason} (log: {self.log_path})")

    def stop(self, *, seconds: float = 3.0) -> None:
        """Stop accepting connections, finish the requests under way, and end."""
        if self._child is not None:
            self._child.end((signal.SIGQUIT, seconds), (signal.SIGTERM, 1.0))
            end_leftovers(self.work_dir, (signal.SIGTERM, 1.0))

    def kill(self) -> None:
        """End it abruptly, as in a crash."""
        if self._child is not None:
            self._child.end()

    def leave_out(self, number: int) -> None:
        """Send no more requests to a node. Requests under way are finished."""
        self._left_out.add(number)
        (self._drain_folder / str(number)).touch()

    def put_back(self, number: int) -> None:
        """Send requests to a node again."""
        self._left_out.discard(number)
        (self._drain_folder / str(number)).unlink(missing_ok=True)

    def _write(self) -> None:
        run = private_folder(self.work_dir / "run")
        private_folder(self._drain_folder)
        for mark in self._drain_folder.iterdir():  # left by an earlier run that was killed; this run's stay
            if mark.name not in map(str, self._left_out):
                mark.unlink()
        user = pwd.getpwuid(os.geteuid()).pw_name if os.geteuid() == 0 else None
        (run / "process.conf").write_text(nginx_config.process_part(user))
        (run / "origins.conf").write_text(nginx_config.origins_part(self._allow_origins))
        nodes = nginx_config.nodes_part(self._nodes)
        server = nginx_config.server_part(self._listen, self._nodes, self._trusted_proxies)
        if self._gateway_peers is not None:
            nodes += nginx_config.gateways_part(self._gateway_peers)
            server += nginx_config.GATEWAY_HEADERS
        (run / "nodes.conf").write_text(nodes)
        (run / "server.conf").write_text(server)
        shutil.copyfile(nginx_config.shared_file(), self.work_dir / "nginx.conf")

    def _accepts(self) -> bool:
        """Return whether it accepts connections on its address."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self._listen.host, self._listen.host)  # noqa: S104 - compared
        try:
            socket.create_connection((host, self._listen.port), 1.0).close()
        except OSError:
            return False
        return True
