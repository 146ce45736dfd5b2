"""`.ci/lanes.py`, which runs steps of continuous integration beside each other."""

import subprocess
import sys
from pathlib import Path

LANES = Path(__file__).parents[2] / ".ci" / "lanes.py"


def _run(folder: Path, *words: str, **environment: str) -> tuple[int, list[str]]:
    done = subprocess.run(
        [sys.executable, LANES, folder, *words],
        env={"PATH": "/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.stderr == ""
    return done.returncode, done.stdout.splitlines()


def test_lanes_run_beside_each_other_and_their_steps_one_after_another(tmp_path):
    """Each step waits for what another lane has done meanwhile."""
    wait = "timeout 20 sh -c 'until [ -e {} ]; do sleep 0.01; done' && touch {}"
    code, said = _run(
        tmp_path,
        "one: touch " + str(tmp_path / "a"),
        "two: " + wait.format(tmp_path / "a", tmp_path / "b"),
        "one: " + wait.format(tmp_path / "b", tmp_path / "c"),
        "two: test -e " + str(tmp_path / "b"),
    )
    assert code == 0, said
    assert sum("passed in" in line for line in said) == 8
    assert len(list(tmp_path.glob("*.log"))) == 4


def test_a_failure_stops_nothing_and_is_shown_at_the_end(tmp_path):
    code, said = _run(
        tmp_path, "one: echo first; echo here is why; exit 3", "one: echo later", "two: seq 1000", "two: kill -9 $$"
    )
    assert code == 1
    end = said[said.index(next(line for line in said if line.startswith("========"))) :]
    assert "here is why" in end
    assert sum("FAILED (3)" in line for line in end) == 1
    assert sum("FAILED (-9)" in line for line in end) == 1
    assert not any("later" in line for line in end[: end.index("here is why")])
    assert sum(line.startswith("[two]   ") for line in said) == 3, "of what passed only the last lines"


def test_a_step_that_hangs_is_ended_and_what_it_wrote_is_shown(tmp_path):
    code, said = _run(tmp_path, "one: echo so far; sleep 60 & wait", STEP_SECONDS_MAX="1")
    assert code == 1
    assert "so far" in said[-5:] or "so far" in said
    assert any("ended after 1 s" in line for line in said)
