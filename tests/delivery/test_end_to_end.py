"""The end-to-end suite and the k6 scenarios, as `make e2e` and `make k6` run them, against a node of this version."""

import os
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from telemetry.programs import running

CHECKOUT = Path(__file__).parents[2]
SCENARIOS = sorted(path.stem for path in (CHECKOUT / "loadtest" / "k6").glob("*.js"))
NO_SCENARIOS = {"server", "pace", "benchmark"}
pytestmark = [pytest.mark.runs, pytest.mark.timeout(180)]


def _command(*words: str, **environment: str) -> subprocess.CompletedProcess:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        words, cwd=CHECKOUT, env=kept | environment, capture_output=True, text=True, check=False, timeout=150
    )


def _e2e(url: str, **environment: str) -> dict[str, int]:
    words = (sys.executable, "-m", "pytest", "e2e", "-q", "-p", "no:cacheprovider")
    done = _command(*words, BASE_URL=url, **environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return {word: int(number) for number, word in re.findall(r"(\d+) (passed|skipped)", done.stdout)}


def _event_names(url: str, **environment: str) -> list[str]:
    token = environment.get("E2E_TOKEN")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = httpx.get(f"{url}/api/v1/events?limit=100", headers=headers, timeout=30).raise_for_status()
    return [event["name"] for event in answer.json()]


def _key(database_url: str) -> str:
    words = (sys.executable, "-m", "holdfast", "keys", "create", "e2e", "--role", "organiser")
    organiser = _command(
        *(sys.executable, "-m", "holdfast", "organisers", "create", "Tester"), DATABASE_URL=database_url
    ).stdout.split()[-1]
    return _command(*words, "--organiser", organiser, DATABASE_URL=database_url).stdout.split()[-1]


def test_in_open_mode_and_expiry_is_waited_for(tmp_path, database_url, redis_url):
    with running("serve", tmp_path, DATABASE_URL=database_url, REDIS_URL=redis_url, HOLD_SECONDS="14") as node:
        assert _e2e(node.url) == {"passed": 29, "skipped": 2}
        assert _event_names(node.url) == ["Holdfast end-to-end test (kept: what is sold cannot be deleted)"]


def test_in_tokens_mode_twice_and_nothing_more_is_left(tmp_path, database_url, redis_url):
    settings = {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "AUTH_MODE": "tokens"}
    with running("serve", tmp_path, **settings) as node:
        token = {"E2E_TOKEN": _key(database_url)}
        for _ in range(2):
            assert _e2e(node.url, **token) == {"passed": 29, "skipped": 2}
        assert len(_event_names(node.url, **token)) == 1
        assert _event_names(node.url) == [], "buyers never see it"


def test_what_does_not_answer_fails():
    words = (sys.executable, "-m", "pytest", "e2e", "-q", "-p", "no:cacheprovider", "-k", "healthy")
    assert _command(*words, BASE_URL="http://127.0.0.1:9").returncode == 1
    without = _command(*words)
    assert (without.returncode, "BASE_URL is not set" in without.stdout + without.stderr) == (2, True)


@pytest.mark.parametrize("scenario", [name for name in SCENARIOS if name not in NO_SCENARIOS])
def test_a_scenario_meets_its_thresholds(tmp_path, database_url, redis_url, scenario):
    program = str(Path(sys.executable).parent / "k6")
    with running("serve", tmp_path, DATABASE_URL=database_url, REDIS_URL=redis_url) as node:
        words = (program, "run", "--quiet", "--no-usage-report", "--address", "", f"loadtest/k6/{scenario}.js")
        done = _command(*words, BASE_URL=node.url, PROFILE="short")
        assert done.returncode == 0, done.stdout + done.stderr
        assert [name for name in _event_names(node.url) if "(over)" not in name] == [], "what it made is left"


def test_a_threshold_that_is_missed_is_an_exit_code(tmp_path, database_url, redis_url):
    program = str(Path(sys.executable).parent / "k6")
    with running("serve", tmp_path, DATABASE_URL=database_url, REDIS_URL=redis_url) as node:
        words = (program, "run", "--quiet", "--no-usage-report", "--address", "", "loadtest/k6/smoke.js")
        assert _command(*words, BASE_URL=node.url, PROFILE="short", P95_MS="0").returncode != 0
