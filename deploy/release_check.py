#!/usr/bin/env python3
"""Check that this commit can be released: `make release-check TAG=v0.1.0`.

One version everywhere, an entry in CHANGELOG.md, nothing uncommitted, and a wheel and an sdist that have every file of
the package. Without a tag it checks what can be checked without.
"""

import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
PACKAGE = "src/holdfast/"


def main(arguments: list[str]) -> int:
    """Run the checks; returns the exit code.

    Args:
        arguments: Folder of the built packages, and the tag if there is one.
    """
    folder, tag = Path(arguments[0]), arguments[1] if len(arguments) > 1 else ""
    complaints = [*versions(tag), *changelog(), *packages(folder), *uncommitted(tag)]
    for complaint in complaints:
        sys.stderr.write(f"release-check: {complaint}\n")
    if not complaints:
        sys.stdout.write(f"{version()}: one version, an entry in CHANGELOG.md, complete packages\n")
    return 1 if complaints else 0


def version() -> str:
    """The version of pyproject.toml."""
    return str(tomllib.loads(read("pyproject.toml"))["project"]["version"])


def versions(tag: str) -> list[str]:
    """Complain about places that name another version."""
    places = {
        "src/holdfast/__init__.py": r'__version__ = "(.+)"',
        "Containerfile": r"ARG VERSION=(.+)",
        "deploy/helm/holdfast/Chart.yaml": r"\nappVersion: (.+)",
    }
    found = {name: re.findall(pattern, read(name)) for name, pattern in places.items()}
    wrong = [f"{name} says {said}, pyproject.toml {version()}" for name, said in found.items() if said != [version()]]
    if tag and tag != f"v{version()}":
        wrong.append(f"the tag is {tag}, the version {version()}")
    return wrong


def changelog() -> list[str]:
    """Complain if nobody has written down what is new."""
    if re.search(rf"^## \[?{re.escape(version())}\]?", read("CHANGELOG.md"), re.MULTILINE):
        return []
    return [f"CHANGELOG.md has no entry for {version()}"]


def packages(folder: Path) -> list[str]:
    """Complain about files of the package that the wheel or the sdist lacks."""
    tracked = output("git", "ls-files", PACKAGE).split("\n")
    wanted = {name.removeprefix("src/") for name in tracked}
    (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    with zipfile.ZipFile(wheel) as archive:
        lost = wanted - set(archive.namelist())
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    lost |= set(tracked) - names
    return [f"the packages lack {sorted(lost)}"] if lost else []


def uncommitted(tag: str) -> list[str]:
    """Complain about a dirty checkout, if this is a release."""
    return ["there are uncommitted changes"] if tag and output("git", "status", "--porcelain") else []


def read(name: str) -> str:
    """Return a file of the checkout."""
    return (CHECKOUT / name).read_text(encoding="utf-8")


def output(*command: str) -> str:
    """Return what git prints."""
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=CHECKOUT)
    return done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
