"""The locks name everything, so that installing them asks an index for nothing but these very files.

pip is told not to look for what a package needs (`--no-deps`): what is missing here would be missing at run time.
With the look-up, an old pip asks for the newest release of whatever is wanted with extras, and the installation breaks
on the day that one is published.
"""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

CHECKOUT = Path(__file__).parents[2]
RUN, DEV = CHECKOUT / "requirements" / "run.txt", CHECKOUT / "requirements" / "dev.txt"
PYTHONS = ["3.11.0", "3.11.9", "3.12.1", "3.13.1", "3.14.1"]
_ENTRY = re.compile(
    r"(?P<name>[a-z0-9-]+)==(?P<version>[^\s;]+)(?: ; (?P<marker>[^\\]+?))?(?: \\\n +--hash=sha256:[0-9a-f]{64})+"
)


def _entries(lock: Path) -> list[re.Match]:
    text = lock.read_text()
    found = list(_ENTRY.finditer(text))
    assert "".join(f"{entry[0]}\n" for entry in found) == text, "something else than pinned names with hashes"
    return found


def _versions(lock: Path, python: str) -> dict[str, Version]:
    """What is installed from a lock with a Python on Linux."""
    entries = [entry for entry in _entries(lock) if _true(entry["marker"], python)]
    names = [entry["name"] for entry in entries]
    assert len(names) == len(set(names)), "one name twice"
    return {entry["name"]: Version(entry["version"]) for entry in entries}


def _true(marker: str | Marker | None, python: str, extra: str = "") -> bool:
    if marker is None:
        return True
    environment = {
        "python_full_version": python,
        "implementation_version": python,
        "python_version": python.rpartition(".")[0],
        "extra": extra,
    }
    return Marker(str(marker)).evaluate(environment)


def _wanted(*groups: str) -> list[str]:
    """What pyproject.toml asks for: the project's own needs, with the embedded servers, and these groups."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
    own = project["project"]
    more = [line for group in groups for line in project["dependency-groups"][group]]
    return [
        *own["dependencies"],
        *own["optional-dependencies"]["embedded"],
        *project["build-system"]["requires"],
        *more,
    ]


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize(("lock", "groups"), [(RUN, ["install"]), (DEV, ["install", "dev"])])
def test_a_lock_names_whatever_its_packages_need(lock, groups, python):
    locked = _versions(lock, python)
    to_do = [(Requirement(line), "pyproject.toml") for line in _wanted(*groups)]
    seen = set()
    while to_do:
        need, because = to_do.pop()
        name = canonicalize_name(need.name)
        if not _true(need.marker, python) and because == "pyproject.toml":
            continue
        assert name in locked, f"{need} (of {because}) is not in {lock.name}"
        assert need.specifier.contains(locked[name], prereleases=True), f"{need} (of {because}), locked: {locked[name]}"
        if (name, frozenset(need.extras)) in seen:
            continue
        seen.add((name, frozenset(need.extras)))
        try:
            further = distribution(name).requires or []
        except PackageNotFoundError:  # locked for another Python than this one
            continue
        for text in further:
            requirement = Requirement(text)
            if any(_true(requirement.marker, python, extra) for extra in (need.extras or {""})):
                to_do.append((requirement, name))
    assert locked.keys() <= {name for name, _ in seen}, "locked, and nobody needs it"


@pytest.mark.parametrize("python", PYTHONS)
def test_both_locks_say_the_same(python):
    run, dev = _versions(RUN, python), _versions(DEV, python)
    assert run.items() <= dev.items()


def test_what_makes_the_locks_is_locked():
    assert {"uv", "hatchling", "editables"} <= _versions(DEV, PYTHONS[0]).keys()


def test_what_is_installed_is_what_is_locked_and_pip_finds_nothing_missing():
    python = ".".join(map(str, sys.version_info[:3]))
    if sys.platform != "linux" or not (CHECKOUT / ".venv").samefile(sys.prefix):
        pytest.skip("these tests do not run in the environment that make has made")
    installed = {name: Version(distribution(name).version) for name in _versions(DEV, python)}
    assert installed == _versions(DEV, python)
    done = subprocess.run([sys.executable, "-m", "pip", "check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
