"""Every experiment from the command line, very small, on a stack of its own or on servers by URL."""

import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest

from bench.stand_in import OtherServer

SECONDS_MAX = 110
pytestmark = pytest.mark.timeout(120)


def _bench(tmp_path, *words):
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-m", "holdfast", "bench", *words, "--quick", "--out", str(tmp_path / "out")],
        env={**kept, "HOLDFAST_DATA_DIR": str(tmp_path / "data")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )


def _report(tmp_path, experiment):
    known = json.loads((tmp_path / "out" / "results.json").read_text())
    for plot in known[experiment]["charts"]:
        ET.parse(tmp_path / "out" / f"{plot}.svg")
    assert f"## {experiment}" in (tmp_path / "out" / "results.md").read_text()
    return known[experiment]


EXPECTED = {
    "mixed": ["8 users, think time: p99", "saturated requests/s ÷ floor"],
    "contention": [
        "50 callers on one seat, one node: p99",
        "400 calls by 40 connections on one seat: write transactions",
    ],
    "stadium": ["bulk of 4,000: seats/s, answers read", "availability, bits: p99", "availability after a sale: p99"],
    "limits": [
        "reservations/s over HTTP ÷ pgbench",
        "16 connections: CPU of a reservation, server",
        "16 connections: CPU of a reservation, PostgreSQL",
        "one reservation, 2,000 seats ÷ 100 seats, p50",
        "memory: most of one server process",
    ],
    "listeners": ["change heard by 60 listeners: p99", "reservation with 60 listeners: p99"],
}


@pytest.mark.experiments
@pytest.mark.parametrize("experiment", EXPECTED)
def test_an_experiment_starts_what_it_measures_and_reports(tmp_path, experiment):
    done = _bench(tmp_path, experiment)
    assert done.returncode == 0, done.stderr
    (found,) = _report(tmp_path, experiment)["servers"].values()
    values = {figure["name"]: figure["value"] for figure in found["figures"]}
    assert all(values[name] > 0 for name in EXPECTED[experiment]), values
    assert found["checks"]
    assert all(check["holds"] for check in found["checks"])
    assert not any((tmp_path / "data" / "bench").iterdir())
    assert "\x1b" not in done.stdout + done.stderr


@pytest.mark.experiments
def test_two_servers_by_url_are_measured_in_turn_and_compared(tmp_path):
    with OtherServer() as first, OtherServer(bulk_seats_max=500, forms="A", conflict_status=400) as second:
        done = _bench(tmp_path, "contention", "stadium", "--url", first.url, "--against", second.url)
    assert done.returncode == 0, done.stderr
    turns = re.findall(r"^contention, round (\d) of 2: (.*)$", done.stderr, re.MULTILINE)
    assert turns == [("1", "server"), ("1", "other server"), ("2", "server"), ("2", "other server")]
    about = _report(tmp_path, "stadium")
    assert about["ratios"]["other server"]["bulk of 4,000: seats of one call"] > 1
    notes = about["servers"]["other server"]["notes"]
    assert "bulk with 10,000 listed seats: answered with 400" in notes
    assert "availability, bits: not offered (answered with 404)" in notes


@pytest.mark.experiments
def test_a_load_that_was_not_stored_fails_the_benchmark(tmp_path):
    with OtherServer() as liar:
        learning = iter([True] * 2)
        true_answer = liar.answer
        liar.answer = lambda method, path, body: (
            setattr(liar, "stores", next(learning, False)) if path.endswith("/reservations") else None,
            true_answer(method, path, body),
        )[1]
        done = _bench(tmp_path, "contention", "--url", liar.url)
    assert done.returncode == 1
    assert "holdfast: failed: contention: server: 50 callers on one seat, one node: one wins" in done.stderr
    assert "**Failed**: 50 callers on one seat" in (tmp_path / "out" / "results.md").read_text()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["opera"], r"there is no experiment 'opera': choose of mixed, .*"),
        (["mixed", "--url", "http://127.0.0.1:1"], r"http://127\.0\.0\.1:1 cannot be reached: Connection refused"),
        (["limits", "--url", "http://127.0.0.1:1", "--process", "server"], r"--process server: must be like .*"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(tmp_path, words, message):
    done = _bench(tmp_path, *words)
    assert done.returncode == 1
    lines = [line for line in done.stderr.splitlines() if "is busy" not in line]
    assert re.fullmatch(rf"holdfast: {message}", lines[-1])
    assert not any(line.startswith("Traceback") for line in lines)


def test_a_library_that_only_development_installs_is_named_with_the_way_to_get_it(tmp_path):
    """`holdfast bench` is part of the package; the libraries for its plots and statistics are not."""
    look = (
        "import sys; from importlib import util; found = util.find_spec; "
        "util.find_spec = lambda name, *more: None if name in ('matplotlib', 'psutil') else found(name, *more); "
        "from holdfast.cli import main; sys.argv = ['holdfast', 'bench', '--smoke']; main()"
    )
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr == (
        "holdfast: the benchmark needs matplotlib psutil: run `make install` in a checkout, "
        "or `pip install matplotlib psutil`\n"
    )
