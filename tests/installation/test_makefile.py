"""`make` in surroundings that were made for something else: names of folders, variables, other Pythons."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
MAKEFILE = CHECKOUT / "Makefile"
_FOR_OTHERS = {
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONPATH": "/elsewhere",
    "PYTHONHOME": "/elsewhere",
    "PYTHONOPTIMIZE": "2",
    "PYTHONINSPECT": "1",
    "PYTHONWARNINGS": "error",
    "VIRTUAL_ENV": "/elsewhere",
    "PIP_USER": "1",
    "PIP_TARGET": "/elsewhere",
    "PIP_PREFIX": "/elsewhere",
    "PIP_REQUIRE_VIRTUALENV": "1",
    "PIP_REQUIRE_HASHES": "1",
    "PIP_CONSTRAINT": "/elsewhere/constraints.txt",
    "PIP_NO_BINARY": ":all:",
}
_FOR_PIP = {
    "PIP_INDEX_URL": "https://index.invalid/simple",
    "PIP_CERT": "/some/ca.pem",
    "SSL_CERT_FILE": "/some/ca.pem",
}

pytestmark = pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")


def _make(*words: str, folder: Path, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        ["make", *words],
        cwd=folder,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )


@pytest.fixture
def python(tmp_path):
    """Makes an executable that behaves like a Python of some version."""
    folder = tmp_path / "bin"
    folder.mkdir()

    def make(name: str, version: str, *, complete: bool = True) -> None:
        refusal = "" if complete else 'case "$*" in *ensurepip*) exit 1;; esac; '
        (folder / name).write_text(
            f'#!/bin/sh\n{refusal}case "$*" in *version_info*) exec "{sys.executable}" -c '
            f'"import sys; sys.version_info = {version}; exec(sys.argv[1])" "${{*##*-c }}";; esac\n'
        )
        (folder / name).chmod(0o755)

    make.folder = folder
    return make


def test_variables_for_other_programs_do_not_reach_ours_and_those_of_pip_s_index_do():
    done = _make("--eval", "show: ; @env", "show", folder=CHECKOUT, **_FOR_OTHERS, **_FOR_PIP)
    seen = dict(line.partition("=")[::2] for line in done.stdout.splitlines())
    assert not seen.keys() & _FOR_OTHERS.keys()
    assert _FOR_PIP.items() <= seen.items()


@pytest.mark.parametrize("name", ["a b", "it's 100% #1", 'say "so" & $HOME `x` (1)', "back\\slash", "東京 é"])
def test_a_checkout_may_have_any_name(tmp_path, name):
    folder = tmp_path / name
    (folder / ".venv" / "bin").mkdir(parents=True)
    shutil.copy(MAKEFILE, folder)
    (folder / ".venv" / ".folder").write_text(f"{folder}\n")
    (folder / ".venv" / "bin" / "python").write_text("#!/bin/sh\n")
    (folder / ".venv" / "bin" / "python").chmod(0o755)
    assert _make("--eval", "show: ; @echo good: $(VENV_GOOD)", "show", folder=folder).stdout == "good: yes\n"
    (folder / ".venv" / ".folder").write_text(f"{folder} was moved\n")
    assert _make("--eval", "show: ; @echo good: $(VENV_GOOD)", "show", folder=folder).stdout == "good:\n"


def test_a_name_that_no_python_can_use_is_one_line(tmp_path):
    folder = tmp_path / "a:b"
    folder.mkdir()
    shutil.copy(MAKEFILE, folder)
    done = _make(".venv/.folder", folder=folder)
    assert done.returncode == 2
    assert "has a colon" in done.stderr.splitlines()[0]
    assert not (folder / ".venv").exists()


def test_the_first_python_that_can_make_an_environment_is_taken(python):
    python("python3", "(3, 15, 0)")
    python("python3.14", "(3, 14, 0)", complete=False)
    python("python3.13", "(3, 13, 0)")
    words = ("--eval", "show: ; @echo $(PYTHON)", "show")
    path = f"{python.folder}:/usr/bin:/bin"
    assert _make(*words, folder=CHECKOUT, PATH=path).stdout == "python3.13\n"


@pytest.mark.parametrize(
    ("version", "complete", "message"),
    [
        ("(3, 10, 9)", True, "needs Python 3.11 to 3.14"),
        ("(3, 15, 0)", True, "needs Python 3.11 to 3.14"),
        ("(3, 13, 0)", False, "apt-get install python3-venv"),
    ],
)
def test_a_python_that_does_not_do_is_one_line(tmp_path, python, version, complete, message):
    python("odd", version, complete=complete)
    shutil.copy(MAKEFILE, tmp_path)
    done = _make(".venv/.folder", f"PYTHON={python.folder / 'odd'}", folder=tmp_path)
    assert done.returncode == 2
    assert message in done.stderr.splitlines()[0]
    assert not (tmp_path / ".venv").exists()


@pytest.fixture
def programs(tmp_path):
    """A checkout whose Python and uv only write down what they are asked; `uv` is the exit code of the latter."""
    (tmp_path / "requirements").mkdir()
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    for name in ("Makefile", "pyproject.toml", "requirements/run.txt", "requirements/dev.txt"):
        shutil.copy(CHECKOUT / name, tmp_path / name)
    (tmp_path / ".venv" / ".folder").write_text(f"{tmp_path}\n")
    asked = tmp_path / "asked"

    def make(uv: int | None) -> list[str]:
        asked.unlink(missing_ok=True)
        for name, code in (("python", 0), ("uv", uv)):
            program = tmp_path / ".venv" / "bin" / name
            program.unlink(missing_ok=True)
            if code is not None:
                program.write_text(f'#!/bin/sh\necho "{name} $*" >>"{asked}"\nexit {code}\n')
                program.chmod(0o755)
        done = _make(".venv/.installed-run", folder=tmp_path)
        assert done.returncode == 0, done.stderr
        return [line for line in asked.read_text().splitlines() if " install " in line and "--editable" not in line]

    return make


def test_uv_installs_what_is_locked(programs):
    [asked] = programs(uv=0)
    assert asked.startswith("uv pip install ")
    assert "--require-hashes --only-binary :all:" in asked
    assert asked.endswith("-r requirements/run.txt")


def test_where_uv_fails_pip_installs(programs):
    uv, pip = programs(uv=1)
    assert uv.startswith("uv ")
    assert pip.startswith("python -m pip ")
    assert pip.endswith("--no-deps --require-hashes --only-binary :all: -r requirements/run.txt")


def test_where_there_is_no_uv_pip_installs(programs):
    """Its wheel is not there for every machine."""
    of_uv, *others = programs(uv=None)
    assert of_uv.endswith("-r .venv/uv.txt")
    assert others[-1].endswith("-r requirements/run.txt")
