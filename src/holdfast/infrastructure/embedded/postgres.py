"""A private PostgreSQL server: created on first use, and started and stopped as needed."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from holdfast.infrastructure.embedded import binaries, cluster
from holdfast.infrastructure.embedded.errors import EmbeddedError
from holdfast.infrastructure.embedded.folder import FolderLock, free_port, private_folder, read_secret, write_secret
from holdfast.infrastructure.embedded.log_file import log_tail
from holdfast.infrastructure.embedded.process import Child, end_leftovers, wait_until

DURABLE_SETTINGS: Mapping[str, str] = {
    "fsync": "on",
    "synchronous_commit": "on",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "cluster_name": "holdfast",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
}

THROW_AWAY_SETTINGS: Mapping[str, str] = {
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "128MB",
    "holdfast.throw_away": "on",  # keeps readiness from complaining about the settings above
}
"""Settings for a cluster that nobody needs after a crash, such as a test run's."""

_START_SECONDS = 60.0
_SUN_PATH_BYTES_MAX = 107


class EmbeddedPostgres:
    """A PostgreSQL 18 cluster in a data folder, with a role `holdfast` that owns a database `holdfast`.

    It listens on a free port of 127.0.0.1 and on a socket in `socket_dir`, requires a password (SCRAM), and ends
    when this process does, however that happens. The port stays the same between stop and start, and between runs
    as long as it is free.
    """

    name = "PostgreSQL"
    """Its name in messages."""

    def __init__(self, data_dir: Path, *, settings: Mapping[str, str | int] | None = None) -> None:
        """Set up the data folder's paths without creating or starting anything.

        Args:
            data_dir: The private folder for the cluster (`postgres/`), its passwords and its log.
            settings: PostgreSQL settings that add to the durable ones or replace them.
        """
        self.data_dir = data_dir.absolute()
        self.cluster_dir = self.data_dir / "postgres"
        self.log_path = self.data_dir / "postgres.log"
        self.settings: dict[str, str] = {**DURABLE_SETTINGS}
        self.settings.update({name: str(value) for name, value in (settings or {}).items()})
        self._lock = FolderLock(self.data_dir / "postgres.lock")
        self._child: Child | None = None
        self._port: int | None = None
        self._password = ""
        self._superuser_password = ""

    @property
    def port(self) -> int:
        """The TCP port on 127.0.0.1.

        Raises:
            RuntimeError: if the server was never started.
        """
        if self._port is None:
            raise RuntimeError("PostgreSQL was not started")
        return self._port

    @property
    def pid(self) -> int:
        """The process id of the postmaster."""
        if self._child is None:
            raise RuntimeError("PostgreSQL was not started")
        return self._child.pid

    @property
    def exit_code(self) -> int | None:
        """How its process ended; None while it is running."""
        return None if self._child is None else self._child.exit_code

    @property
    def alive(self) -> bool:
        """Whether the postmaster is running."""
        return self._child is not None and self._child.alive

    @property
    def url(self) -> str:
        """The owner's URL for the database `holdfast`."""
        return self.url_of("holdfast")

    @property
    def superuser_url(self) -> str:
        """The superuser's URL for the database `postgres`."""
        return f"postgresql://postgres:{self._superuser_password}@127.0.0.1:{self.port}/postgres"

    def url_of(self, database: str) -> str:
        """Return the owner's URL for a database of this cluster."""
        return f"postgresql://holdfast:{self._password}@127.0.0.1:{self.port}/{database}"

    @property
    def socket_dir(self) -> Path:
        """The folder of the Unix socket: the data folder, if its path is short enough."""
        longest = self.data_dir / ".s.PGSQL.65535.lock"
        if len(os.fsencode(longest)) <= _SUN_PATH_BYTES_MAX:
            return self.data_dir
        return cluster.short_folder(self.data_dir)

    def start(self) -> None:
        """Create the cluster if there is none, end what an earlier run left behind, start and wait until it is ready.

        Raises:
            EmbeddedError: if the data folder is in use by another process, damaged or of another version, or if
                PostgreSQL does not start; the message quotes its log.
        """
        if self.alive:
            return
        private_folder(self.data_dir)
        if self._child is None:
            self._lock.take()
        try:
            self._start()
        except EmbeddedError:
            if self._child is not None:
                self._child.end((signal.SIGQUIT, 2.0))
            self._child = None
            self._lock.release()
            raise

    def stop(self, mode: str = "fast", *, seconds: float = 10.0) -> None:
        """Stop the server and free the data folder.

        Args:
            mode: `fast` ends sessions and writes a checkpoint. `immediate` does neither; the next start recovers.
            seconds: After this time, a fast stop becomes an immediate one, and after that a kill.
        """
        if self._child is not None:
            first = [(signal.SIGINT, seconds)] if mode == "fast" else []
            self._child.end(*first, (signal.SIGQUIT, 1.0))
            end_leftovers(self.cluster_dir, (signal.SIGQUIT, 1.0))
        self._child = None
        self._lock.release()

    def kill(self) -> None:
        """Kill the postmaster, as in a crash. Its other processes notice and end by themselves."""
        if self._child is not None:
            self._child.end()

    def restart(self, mode: str = "fast") -> None:
        """Stop and restart on the same port."""
        self.stop(mode)
        self.start()

    def psql(self, statement: str, *, database: str = "holdfast") -> str:
        """Run one statement as the owner with psql; return the rows as text, with columns separated by `|`.

        Raises:
            EmbeddedError: if the statement fails, with psql's message.
        """
        program = binaries.postgres_programs() / "psql"
        done = subprocess.run(  # noqa: S603 - the program comes from our wheel
            [
                program,
                "-X",
                "-q",
                "-A",
                "-t",
                "-v",
                "ON_ERROR_STOP=1",
                "-c",
                statement,
                f"postgresql://holdfast@127.0.0.1:{self.port}/{database}",
            ],
            env={**cluster.ENVIRONMENT, "PGPASSWORD": self._password},  # every user can see command lines
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise EmbeddedError(done.stderr.strip())
        return done.stdout.strip()

    def _start(self) -> None:
        identity = binaries.postgres_identity(self.data_dir)
        cluster.check_or_make(self.cluster_dir, self.data_dir, identity, self.log_path)
        self._password = read_secret(self.data_dir / "postgres.password")
        self._superuser_password = read_secret(self.data_dir / "postgres.superuser-password")
        self._end_earlier_run()
        deadline = time.monotonic() + _START_SECONDS
        while not self._attempt(identity):
            reason = _last_complaint(self.log_path)
            may_pass = "already in use" in reason or "still in use" in reason or "starting up" in reason
            if not may_pass or time.monotonic() > deadline:
                raise EmbeddedError(f"PostgreSQL does not start in {self.cluster_dir}: {reason} (log: {self.log_path})")
            time.sleep(0.2)

    def _attempt(self, identity: list[str]) -> bool:
        """Start the postmaster once; return False if it ended again."""
        port_path = self.data_dir / "postgres.port"
        if self._port is None:
            self._port = free_port(_known_port(port_path))
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self._port),
            "unix_socket_directories": cluster.one_of_a_list(self.socket_dir),
            "unix_socket_permissions": "0700",
            **self.settings,
        }
        if (self.cluster_dir / "recovery.signal").exists():
            # A backup is being restored. PostgreSQL would call itself ready long before it has read the archive to its
            # end, or to the point that is wanted, and whoever stopped it then would be left with a wrong state.
            settings["hot_standby"] = "off"
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        program = binaries.postgres_programs() / "postgres"
        self._child = Child(
            "PostgreSQL",
            [str(program), "-D", str(self.cluster_dir), *words],
            log_path=self.log_path,
            death_signal=signal.SIGINT,
            identity=identity,
            environment=cluster.ENVIRONMENT,
        )
        self._child.start()
        if not wait_until(self._settled, _START_SECONDS):
            raise EmbeddedError(f"PostgreSQL did not answer within {_START_SECONDS:.0f} s (log: {self.log_path})")
        if not self._child.alive:
            return False
        write_secret(port_path, str(self._port))
        return True

    def _settled(self) -> bool:
        """Return whether the postmaster is ready or has ended."""
        if not self.alive:
            return True
        with contextlib.suppress(OSError, IndexError):
            lines = (self.cluster_dir / "postmaster.pid").read_text().splitlines()
            return int(lines[0]) == self.pid and lines[7].strip() == "ready"
        return False

    def _end_earlier_run(self) -> None:
        """End what still runs in this cluster and remove its pid files. They have no owner: this process has the lock.

        If the process id in such a file were in use again, PostgreSQL would mistake it for a live server's.
        """
        end_leftovers(self.cluster_dir, (signal.SIGINT, 5.0), (signal.SIGQUIT, 2.0))
        for mark in (self.cluster_dir / "postmaster.pid", *self.socket_dir.glob(".s.PGSQL.*")):
            mark.unlink(missing_ok=True)


def running_url(data_dir: Path) -> str | None:
    """Return the owner's URL for the server that another process runs in this folder; None if there is none."""
    data_dir = data_dir.absolute()
    if not (data_dir / "postgres.lock").exists():
        return None
    try:
        with FolderLock(data_dir / "postgres.lock"):
            return None
    except EmbeddedError:
        password = read_secret(data_dir / "postgres.password")
        return f"postgresql://holdfast:{password}@127.0.0.1:{read_secret(data_dir / 'postgres.port')}/holdfast"


def _known_port(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None


def _last_complaint(log_path: Path) -> str:
    """Return the log line that says why the server ended."""
    lines = log_tail(log_path, 40)
    for words in (("FATAL:", "PANIC:"), ("ERROR:", "could not", "cannot", "initdb:", "postgres:")):
        for line in reversed(lines):
            if any(word in line for word in words):
                return line[line.find(words[0]) :] if words[0] in line else line.split("] ", 1)[-1].strip()
    return lines[-1] if lines else "it ended without a message"
