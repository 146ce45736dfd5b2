"""A PostgreSQL server in circumstances that `EmbeddedPostgres` does not offer: as a standby, or with another clock."""

import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from holdfast.infrastructure.embedded import EmbeddedPostgres, binaries, cluster, launcher
from holdfast.infrastructure.embedded.folder import free_port, private_folder
from holdfast.infrastructure.embedded.postgres import DURABLE_SETTINGS
from holdfast.infrastructure.embedded.process import Child, end_leftovers, wait_until

_START_SECONDS = 40.0


class PostmasterError(Exception):
    """One of PostgreSQL's programs failed; the message is its output."""


class Postmaster:
    """One server on an existing cluster folder."""

    def __init__(
        self,
        cluster_dir: Path,
        *,
        port: int | None = None,
        settings: Mapping[str, str] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Describe the server without starting it.

        Args:
            cluster_dir: The cluster.
            port: TCP port; None: any that is free.
            settings: Settings in addition to the durable ones.
            environment: Environment variables in addition to the usual ones.
        """
        self.cluster_dir = cluster_dir
        self.port = port or free_port()
        self._settings = {**DURABLE_SETTINGS, "max_connections": "150", **(settings or {})}
        self._environment = {**cluster.ENVIRONMENT, **(environment or {})}
        self._sockets = cluster.short_folder(cluster_dir)
        self.log_path = cluster_dir.with_name(cluster_dir.name + "-server.log")
        self._child: Child | None = None

    @property
    def child(self) -> Child:
        """The postmaster.

        Raises:
            RuntimeError: It has not been started.
        """
        if self._child is None:
            raise RuntimeError("PostgreSQL was not started")
        return self._child

    def start(self) -> None:
        """Start it and wait until it accepts connections.

        Raises:
            PostmasterError: It does not.
        """
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": str(self._sockets),
            **self._settings,
        }
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        self._child = Child(
            "PostgreSQL",
            [str(binaries.postgres_programs() / "postgres"), "-D", str(self.cluster_dir), *words],
            log_path=self.log_path,
            death_signal=signal.SIGQUIT,
            identity=binaries.postgres_identity(self.cluster_dir),
            environment=self._environment,
        )
        self._child.start()
        if not (wait_until(self._settled, _START_SECONDS) and self._child.alive):
            raise PostmasterError(" ".join(self._child.log_tail(3)))

    def stop(self) -> None:
        """Kill it at once, with all of its processes, as a crash would."""
        if self._child is not None:
            self._child.end((signal.SIGCONT, 0.0), (signal.SIGQUIT, 3.0))
        end_leftovers(self.cluster_dir, (signal.SIGQUIT, 2.0))

    def promote(self) -> None:
        """Make a standby the primary.

        Raises:
            PostmasterError: It cannot be.
        """
        run_program("pg_ctl", ["promote", "-w", "-t", "30", "-D", str(self.cluster_dir)], self.cluster_dir)

    def _settled(self) -> bool:
        child = self.child
        if not child.alive:
            return True
        try:
            lines = (self.cluster_dir / "postmaster.pid").read_text().splitlines()
            return int(lines[0]) == child.pid and lines[7].strip() in ("ready", "standby")
        except (OSError, IndexError, ValueError):
            return False


def run_program(name: str, arguments: list[str], near: Path) -> str:
    """Run one of PostgreSQL's programs as the user that its servers run as; returns its output.

    Raises:
        PostmasterError: It failed.
    """
    identity = binaries.postgres_identity(near)
    program = str(binaries.postgres_programs() / name)
    done = subprocess.run(  # noqa: S603 - the programs are ours
        [sys.executable, "-I", "-S", launcher.__file__, *identity, "--", program, *arguments],
        capture_output=True,
        text=True,
        env=cluster.ENVIRONMENT,
        cwd="/",
        check=False,
    )
    if done.returncode != 0:
        raise PostmasterError(f"{name}: {' '.join(done.stderr.split())[-400:]}")
    return done.stdout


def standby_of(primary: EmbeddedPostgres, folder: Path, *, name: str) -> Postmaster:
    """Copy a running primary into a streaming standby (not started yet).

    Raises:
        PostmasterError: It cannot be copied.
    """
    place = private_folder(folder) / "standby"
    # Replication connects as the superuser, whose password pg_basebackup leaves in the standby's settings.
    source = primary.superuser_url.rsplit("/", 1)[0]
    run_program(
        "pg_basebackup",
        ["-D", str(place), "-d", f"{source}?application_name={name}", "-X", "stream", "-c", "fast", "-R"],
        folder,
    )
    # The name of the standby that the primary waits for.
    with (place / "postgresql.auto.conf").open("a") as settings:
        settings.write(f"\nprimary_conninfo = '{source}?application_name={name}'\n")
    return Postmaster(place)
