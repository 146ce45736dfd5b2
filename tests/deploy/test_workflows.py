"""The pipeline: pinned actions, least rights, and steps that a person can run."""

import re
import subprocess
import sys

import pytest
from matrix.rows import ROWS

from deploy.files import CHECKOUT, read, read_yaml

WORKFLOWS = sorted(path.name for path in (CHECKOUT / ".github/workflows").glob("*.yml"))
TARGETS = set(re.findall(r"^([a-z0-9-]+):", read("Makefile"), re.MULTILINE))


def jobs(name: str) -> dict:
    return read_yaml(f".github/workflows/{name}")["jobs"]


@pytest.mark.parametrize("name", WORKFLOWS)
def test_actions_are_pinned_by_commit(name):
    for line in re.findall(r"uses: (.*)", read(f".github/workflows/{name}")):
        assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), line


@pytest.mark.parametrize("name", WORKFLOWS)
def test_one_action_is_pinned_to_one_commit(name):
    everywhere = {}
    for workflow in WORKFLOWS:
        for action, commit in re.findall(r"uses: ([\w-]+/[\w-]+)\S*@(\w+)", read(f".github/workflows/{workflow}")):
            assert everywhere.setdefault(action, commit) == commit, f"{action} in {name}"


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_may_only_read_unless_a_job_says_more(name):
    workflow = read_yaml(f".github/workflows/{name}")
    assert workflow["permissions"] == {"contents": "read"}
    assert "group" in workflow["concurrency"]
    for job in workflow["jobs"].values():
        assert job["timeout-minutes"] <= 40
        assert "write-all" not in str(job.get("permissions"))
        for step in job["steps"]:
            if "actions/checkout" in step.get("uses", ""):
                assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize("name", WORKFLOWS)
def test_what_a_caller_names_is_no_part_of_a_script(name):
    """`${{ github.head_ref }}` in a script would run what a branch is called."""
    for job in jobs(name).values():
        for step in job["steps"]:
            found = re.findall(r"\$\{\{\s*([\w.]+)", step.get("run", ""))
            assert all(expression.startswith("matrix.") for expression in found), step["run"]


@pytest.mark.parametrize("name", WORKFLOWS)
def test_steps_are_make_targets(name):
    for job in jobs(name).values():
        for step in job["steps"]:
            for words in re.findall(r"^make (.*)", step.get("run", ""), re.MULTILINE):
                targets = re.sub(r'\w+=("[^"]*"|\S+)', "", words).split()
                assert targets
                assert set(targets) <= TARGETS


def test_every_version_is_tested():
    given = jobs("ci.yml")
    assert given["tests"]["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13", "3.14"]
    rows = given["versions"]["strategy"]["matrix"]["include"]
    assert [(row["row"], row["python"]) for row in rows] == [(row.name, row.python) for row in ROWS]
    assert {row.postgres for row in ROWS} == {15, 16, 17, 18}
    assert {row.python for row in ROWS} == {"3.11", "3.12", "3.13", "3.14"}
    assert any(row.python == f"{sys.version_info[0]}.{sys.version_info[1]}" for row in ROWS)


def test_dependabot_watches_what_is_locked():
    updates = read_yaml(".github/dependabot.yml")["updates"]
    folders = {folder for update in updates for folder in update.get("directories", [update.get("directory")])}
    command = ["git", "ls-files", "*package-lock.json"]
    tracked = subprocess.run(command, capture_output=True, text=True, cwd=CHECKOUT, check=True)
    locks = {f"/{name.removesuffix('/package-lock.json')}" for name in tracked.stdout.split()}
    assert locks
    assert locks | {"/requirements", "/"} == folders


def test_npm_locks_name_no_registry():
    for path in ("matrix/package-lock.json", "tests/oidc/provider/package-lock.json"):
        assert '"resolved"' not in read(path)
        assert '"integrity"' in read(path)
    assert "omit-lockfile-registry-resolved=true" in read("matrix/.npmrc")
