"""Creates the files of a PostgreSQL cluster, completely or not at all, and checks them before use."""

import hashlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from holdfast.infrastructure.embedded import binaries, launcher
from holdfast.infrastructure.embedded.errors import EmbeddedError
from holdfast.infrastructure.embedded.folder import new_password, write_secret
from holdfast.infrastructure.embedded.log_file import open_log
from holdfast.infrastructure.embedded.process import end_leftovers

ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
"""The environment of PostgreSQL's programs: no user's locale, and no PG* variables."""

_PLACE_BYTES_MAX = 50
"""If the path were longer, the folder's name and a socket's would not fit into a socket path's 107 bytes."""
_COMPLAINTS = ("ERROR:", "FATAL:", "PANIC:")
_PARTS_OF_A_CLUSTER = ("global/pg_control", "base", "pg_wal", "postgresql.conf", "pg_hba.conf")


def check_or_make(cluster_dir: Path, data_dir: Path, identity: list[str], log_path: Path) -> None:
    """Create the cluster if there is none, or check that the existing one has this version.

    A new cluster is built next to its final place and moved there when it is complete. An interrupted start
    therefore leaves nothing that a later one could mistake for a cluster.

    Raises:
        EmbeddedError: if it is damaged, of another version, unreadable, or cannot be created.
    """
    try:
        if not cluster_dir.exists() or (cluster_dir.is_dir() and not any(cluster_dir.iterdir())):
            _make(cluster_dir, data_dir, identity, log_path)
        _check(cluster_dir, identity)
    except PermissionError as error:
        raise EmbeddedError(f"{error.filename} cannot be read: permission denied") from None
    except OSError as error:
        raise EmbeddedError(f"{error.filename or cluster_dir} cannot be used: {error.strerror}") from None


def one_of_a_list(folder: Path) -> str:
    """Return a folder as the only member of a list setting, which PostgreSQL splits at commas."""
    doubled = str(folder).replace('"', '""')
    return f'"{doubled}"'


def short_folder(data_dir: Path) -> Path:
    """Return a private folder with a short path, always the same for a given data folder.

    Raises:
        EmbeddedError: if another user has created a folder of that name.
    """
    name = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:12]
    place = tempfile.gettempdir()
    if len(os.fsencode(place)) > _PLACE_BYTES_MAX:  # TMPDIR may be just as long
        place = "/tmp"  # noqa: S108 - the folder is private
    folder = Path(place) / f"holdfast-{os.geteuid()}-{name}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
        raise EmbeddedError(f"{folder} belongs to somebody else: remove it, or set HOLDFAST_DATA_DIR to a short path")
    return folder


def _check(cluster_dir: Path, identity: list[str]) -> None:
    remedy = "restore it from a backup, or move it away to begin with an empty database"
    if not cluster_dir.is_dir():
        raise EmbeddedError(f"{cluster_dir} is not a folder: {remedy}")
    owner = cluster_dir.stat().st_uid
    if owner != os.geteuid() and not any(word.startswith("--uid=") for word in identity):
        raise EmbeddedError(f"{cluster_dir} belongs to user {_name(owner)}: run as that user, or set HOLDFAST_DATA_DIR")
    version_path = cluster_dir / "PG_VERSION"
    if not version_path.is_file():
        raise EmbeddedError(f"{cluster_dir} is not a complete PostgreSQL cluster (no PG_VERSION): {remedy}")
    version = version_path.read_text(errors="replace").strip()
    if version != str(binaries.POSTGRES_MAJOR):
        raise EmbeddedError(
            f"{cluster_dir} was made by PostgreSQL {version[:10] or '(unknown)'}, and this is PostgreSQL "
            f"{binaries.POSTGRES_MAJOR}: dump it with its own version, or move it away to begin anew"
        )
    for part in _PARTS_OF_A_CLUSTER:
        if not (cluster_dir / part).exists():
            raise EmbeddedError(f"{cluster_dir} is not a complete PostgreSQL cluster (no {part}): {remedy}")


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _make(cluster_dir: Path, data_dir: Path, identity: list[str], log_path: Path) -> None:
    draft = data_dir / "postgres.draft"
    end_leftovers(draft, (signal.SIGQUIT, 1.0))
    shutil.rmtree(draft, ignore_errors=True)
    owner_password, superuser_password = new_password(), new_password()
    write_secret(data_dir / "postgres.password", owner_password)
    write_secret(data_dir / "postgres.superuser-password", superuser_password)
    if identity and "--user-namespace" not in identity:
        status = data_dir.stat()
        os.chown(data_dir / "postgres.superuser-password", status.st_uid, status.st_gid)
    programs = binaries.postgres_programs()
    _run(
        [
            *(str(programs / "initdb"), "-D", str(draft), "-U", "postgres", "-E", "UTF8", "--locale=C"),
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--data-checksums"),
            *("--auth=scram-sha-256", f"--pwfile={data_dir / 'postgres.superuser-password'}"),
        ],
        identity,
        log_path,
    )
    statements = (
        f"CREATE ROLE holdfast LOGIN CREATEDB PASSWORD '{owner_password}'\nCREATE DATABASE holdfast OWNER holdfast\n"
    )
    _run([str(programs / "postgres"), "--single", "-D", str(draft), "postgres"], identity, log_path, statements)
    if cluster_dir.exists():
        cluster_dir.rmdir()
    draft.rename(cluster_dir)


def _run(command: list[str], identity: list[str], log_path: Path, statements: str = "") -> None:
    """Run one of PostgreSQL's programs to completion, as the user the server will run as."""
    death = [f"--death-signal={int(signal.SIGKILL)}", f"--parent={os.getpid()}"]
    done = subprocess.run(  # noqa: S603 - the programs are ours
        [sys.executable, "-I", "-S", launcher.__file__, *death, *identity, "--", *command],
        input=statements,
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
        cwd="/",
        check=False,
    )
    with open_log(log_path) as log:
        log.write(done.stderr.encode())
    lines = done.stderr.splitlines()
    complaints = [line for line in lines if any(word in line for word in _COMPLAINTS)]
    if done.returncode != 0 or complaints:
        complaints += [line for line in lines if "error" in line]
        reason = complaints[0] if complaints else f"exit code {done.returncode}"
        raise EmbeddedError(f"the embedded database cannot be made: {reason} (log: {log_path})")
