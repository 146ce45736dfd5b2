"""Finds a Python of a version, and installs the locked packages and this checkout for it.

If there is none on the machine, Debian 13 and Debian testing have 3.13 and 3.14. Their packages go into a folder that
the tests then have as their root; that needs root and `debootstrap`.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from matrix.programs import MissingError

CHECKOUT = Path(__file__).parents[1]
LOCK = CHECKOUT / "requirements" / "dev.txt"
DEBIAN = {"3.13": "trixie", "3.14": "forky"}
_NEWEST_SCRIPT = "/usr/share/debootstrap/scripts/sid"
_ENTER = """
for folder in proc dev sys tmp work root home; do
    if [ -d "/$folder" ]; then mkdir -p "$1/$folder" && mount --rbind "/$folder" "$1/$folder" || exit 1; fi
done
for name in etc/resolv.conf etc/hosts etc/passwd etc/group; do cp "/$name" "$1/$name"; done
for folder in usr/lib/postgresql usr/share/postgresql; do
    if [ -d "/$folder" ]; then mkdir -p "$1/$folder" && mount --rbind "/$folder" "$1/$folder"; fi
done
root=$1 && folder=$2 && shift 2 && exec /usr/sbin/chroot "$root" sh -c 'cd "$1" && shift && exec "$@"' sh "$folder" "$@"
"""


@dataclass(frozen=True, slots=True)
class Installation:
    """A Python with everything that the tests import."""

    python: Path
    """Its program in a virtual environment."""
    source: str
    root: Path | None = None
    """The folder that is its file system's root; None for the machine's own."""

    def command(self, *words: str) -> list[str]:
        """Return the command line that runs it in the checkout."""
        command = [str(self.python), *words]
        if self.root is None:
            return command
        return ["unshare", "--mount", "sh", "-c", _ENTER, "sh", str(self.root), str(CHECKOUT), *command]


def install(version: str, folder: Path) -> Installation:
    """Make the virtual environment of a version, or use the one that is there.

    Raises:
        MissingError: no Python of this version can be had.
    """
    found = next(_found(version), None)
    root = None if found else _debian(version, folder)
    program = found or Path(f"/usr/bin/python{version}")
    home = folder / f"python{version}"
    here = Installation(home / "bin" / "python", _source(program, root), root)
    stamp = home / ".installed"
    locked = LOCK.read_text()
    if not stamp.exists() or stamp.read_text() != locked:
        shutil.rmtree(home, ignore_errors=True)
        outer = Installation(program, "", root)
        subprocess.run(outer.command("-m", "venv", "--without-pip", str(home)), check=True)
        _install_packages(version, home / "lib" / f"python{version}" / "site-packages")
        stamp.write_text(locked)
    return here


def _install_packages(version: str, site: Path) -> None:
    uv = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--target", str(site)]
    exact = ["--no-deps", "--require-hashes", "--only-binary", ":all:", "-r", str(LOCK)]
    subprocess.run([*uv, "--python-version", version, "--python-platform", "linux", *exact], check=True)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--target", str(site)]
    subprocess.run([*pip, "--no-deps", "--no-build-isolation", "--no-index", "--editable", str(CHECKOUT)], check=True)


def _found(version: str) -> Iterator[Path]:
    """Pythons of a version on this machine that work; Debian's own first."""
    name = f"python{version}"
    candidates = [Path("/usr/bin") / name, Path("/usr/local/bin") / name]
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    candidates += sorted(pyenv.glob(f"versions/{version}.*/bin/python"))
    candidates += sorted((Path.home() / ".local/share/uv/python").glob(f"cpython-{version}*/bin/python"))
    on_path = shutil.which(name)
    candidates += [Path(on_path)] if on_path else []
    for candidate in candidates:
        wanted = tuple(map(int, version.split(".")))
        check = f"import sys, venv, sqlite3, ssl; sys.exit(sys.version_info[:2] != {wanted})"
        if candidate.exists():
            done = subprocess.run([candidate, "-I", "-c", check], capture_output=True, check=False)
            if done.returncode == 0:
                yield candidate


def _debian(version: str, folder: Path) -> Path:
    """Install a newer Debian with this Python into a folder."""
    suite = DEBIAN.get(version)
    if suite is None or os.geteuid() != 0 or shutil.which("debootstrap") is None:
        raise MissingError(f"Python {version}: install it (as root, and with debootstrap, Debian's is used)")
    root = folder / suite
    if not (root / ".made").exists():
        shutil.rmtree(root, ignore_errors=True)
        mirror = os.environ.get("DEBIAN_MIRROR", "")
        packages = f"--include=python{version},python{version}-venv,procps,git,make"
        command = ["debootstrap", "--variant=minbase", packages, suite, str(root), mirror, _NEWEST_SCRIPT]
        with (folder / f"{suite}.log").open("w") as log:
            if subprocess.run(command, stdout=log, stderr=log, check=False).returncode != 0:
                raise MissingError(f"Python {version}: debootstrap failed (log: {folder / suite}.log)")
        (root / ".made").touch()
    return root


def _source(program: Path, root: Path | None) -> str:
    if root is not None:
        return f"Debian {root.name}"
    return "Debian" if program.parent == Path("/usr/bin") else "pyenv" if ".pyenv" in program.parts else "installed"
