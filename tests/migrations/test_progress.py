"""What an operator sees of a migration: waits and long steps, and nothing else."""

import io

import pytest
from rich.console import Console

from holdfast.cli import migration_progress
from holdfast.cli.migration_progress import Lines, Watched


def test_a_log_has_a_line_for_what_waits_and_none_for_what_is_quick(capsys):
    lines = Lines()
    lines.began("0002 quick")
    lines.progressed("building index", 0.5)
    lines.done("0002 quick", 0.1)
    assert capsys.readouterr().err == ""
    lines.began("0002 slow")
    for _ in range(5):
        lines.waits("waits for a lock")
    lines.done("0002 slow", 0.5)
    assert capsys.readouterr().err == "holdfast: 0002 slow: waits for a lock\nholdfast: 0002 slow: done, 0.5 s\n"


def test_a_log_says_now_and_then_how_far_a_long_step_is(capsys, monkeypatch):
    monkeypatch.setattr(migration_progress, "_AGAIN_SECONDS", 0)
    lines = Lines()
    lines.began("0002 changes_at_idx")
    lines.progressed("building index", 0.254)
    lines.progressed("waiting for old snapshots", None)
    assert capsys.readouterr().err.splitlines() == [
        "holdfast: 0002 changes_at_idx: building index, 25%",
        "holdfast: 0002 changes_at_idx: waiting for old snapshots",
    ]


@pytest.mark.parametrize(("seconds", "stays"), [(0.1, ""), (2.0, "✓ 0002 [sic] 2.0 s\n")])
def test_a_terminal_keeps_a_line_for_each_step_that_took_long(seconds, stays):
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=False)
    with console.status("Migrating") as line:
        watched = Watched(console, line)
        watched.began("0002 [sic]")
        watched.waits("waits for a lock")
        assert line.status == "0002 \\[sic]: waits for a lock"
        watched.progressed("building index", 0.5)
        assert line.status == "0002 \\[sic]: building index, 50%"
        watched.done("0002 [sic]", seconds)
    assert screen.getvalue() == stays
