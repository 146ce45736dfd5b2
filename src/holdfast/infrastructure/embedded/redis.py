"""A private Redis server: in memory only, on the loopback interface only, with a password."""

import contextlib
import os
import signal
import socket
from collections.abc import Mapping
from pathlib import Path

from holdfast.infrastructure.embedded import binaries
from holdfast.infrastructure.embedded.errors import EmbeddedError
from holdfast.infrastructure.embedded.folder import FolderLock, free_port, new_password, private_folder
from holdfast.infrastructure.embedded.log_file import log_tail
from holdfast.infrastructure.embedded.process import Child, end_leftovers, wait_until

_START_SECONDS = 20.0


class EmbeddedRedis:
    """A Redis (or Valkey) in a data folder. It stores nothing on disk, because PostgreSQL holds all that matters.

    It listens on a free port of 127.0.0.1, never evicts a key, and ends with this process. It requires a password: if
    it did not, any local user could make it write files as the user it runs as.
    """

    name = "Redis"
    """Its name in messages."""

    def __init__(self, data_dir: Path, *, databases: int = 16, settings: Mapping[str, str | int] | None = None) -> None:
        """Set up the data folder's paths without starting anything.

        Args:
            data_dir: The private folder for the working directory (`redis/`) and the log; created if missing.
            databases: The number of databases.
            settings: Redis settings that add to the usual ones or replace them.
        """
        self.data_dir = data_dir.absolute()
        self.work_dir = self.data_dir / "redis"
        self.log_path = self.data_dir / "redis.log"
        self.databases = databases
        self.settings = {name: str(value) for name, value in (settings or {}).items()}
        self._lock = FolderLock(self.data_dir / "redis.lock")
        self._password = new_password()
        self._child: Child | None = None
        self._port: int | None = None

    @staticmethod
    def available() -> bool:
        """Return whether a server program is installed."""
        return binaries.redis_program() is not None

    @property
    def port(self) -> int:
        """The TCP port on 127.0.0.1.

        Raises:
            RuntimeError: if the server was never started.
        """
        if self._port is None:
            raise RuntimeError("Redis was not started")
        return self._port

    @property
    def pid(self) -> int:
        """The process id of the server."""
        if self._child is None:
            raise RuntimeError("Redis was not started")
        return self._child.pid

    @property
    def exit_code(self) -> int | None:
        """How its process ended; None while it is running."""
        return None if self._child is None else self._child.exit_code

    @property
    def alive(self) -> bool:
        """Whether the server is running."""
        return self._child is not None and self._child.alive

    @property
    def url(self) -> str:
        """The URL of database 0."""
        return self.url_of(0)

    def url_of(self, number: int) -> str:
        """Return the URL of a numbered database."""
        return f"redis://:{self._password}@127.0.0.1:{self.port}/{number}"

    def start(self) -> None:
        """Start the server and wait until it answers.

        Raises:
            EmbeddedError: if no program is installed, another process uses the folder, or the server ended again.
        """
        if self.alive:
            return
        program = binaries.redis_program()
        if program is None:
            raise EmbeddedError("no redis-server or valkey-server is on PATH: install one, or set REDIS_URL")
        private_folder(self.data_dir)
        if self._child is None:
            self._lock.take()
        private_folder(self.work_dir)
        end_leftovers(self.work_dir, (signal.SIGTERM, 2.0))
        wanted_port = self._port
        for _ in range(3):
            if self._attempt(str(program)):
                return
            self._port = wanted_port
        self.stop()
        reason = " ".join(log_tail(self.log_path, 1)) or "no reason given"
        raise EmbeddedError(f"Redis does not start: {reason} (log: {self.log_path})")

    def stop(self, *, seconds: float = 3.0) -> None:
        """Stop the server and free the data folder."""
        if self._child is not None:
            self._child.end((signal.SIGTERM, seconds))
        self._child = None
        self._lock.release()

    def kill(self) -> None:
        """Kill the server, as in a crash."""
        if self._child is not None:
            self._child.end()

    def restart(self) -> None:
        """Stop and restart on the same port, with no data."""
        self.stop()
        self.start()

    def _attempt(self, program: str) -> bool:
        self._port = self._port or free_port()
        settings = {
            "bind": "127.0.0.1",
            "port": str(self._port),
            "requirepass": self._password,
            "save": '""',
            "appendonly": "no",
            "maxmemory-policy": "noeviction",
            "databases": str(self.databases),
            "daemonize": "no",
            "dir": _quoted(self.work_dir),
            **self.settings,
        }
        self._child = Child("Redis", [program, "-"], log_path=self.log_path, death_signal=signal.SIGTERM)
        lines = "".join(f"{name} {value}\n" for name, value in settings.items())
        self._child.start(standard_input=lines.encode())
        return wait_until(self._settled, _START_SECONDS) and self._child.alive

    def _settled(self) -> bool:
        """Return whether the server answers or has ended."""
        if not self.alive:
            return True
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", self.port), 1.0) as connection,
        ):
            connection.sendall(f"AUTH {self._password}\r\nPING\r\n".encode())
            answer = b""
            while b"PONG" not in answer:
                part = connection.recv(100)
                if not part:
                    return False
                answer += part
            return True
        return False


def _quoted(path: Path) -> str:
    """Return a path as one word of Redis's configuration, with special bytes escaped."""
    return (
        '"'
        + "".join(chr(byte) if chr(byte).isalnum() and byte < 0x80 else f"\\x{byte:02x}" for byte in os.fsencode(path))
        + '"'
    )
