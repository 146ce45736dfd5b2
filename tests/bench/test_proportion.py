"""The table of what single requests cost."""

import json
import subprocess
import sys

import pytest

from holdfast.bench.proportion.ground import Figure
from holdfast.bench.proportion.table import Record, write_table


def test_the_table_shows_before_beside_now_and_keeps_rows_that_were_not_measured_again(tmp_path):
    record = Record.read(tmp_path)
    record.set("before", "metrics", [Figure("GET /metrics: CPU", 25.04, "ms", "lower")])
    record.set("before", "cold", [Figure("first 2 s ÷ warm", 0.1, "", "higher")])
    record.write(tmp_path)
    record = Record.read(tmp_path)
    now = Figure("GET /metrics: CPU", 3.456, "ms", "lower")
    record.set("now", "metrics", [now])
    write_table(record, tmp_path / "proportion.md", ["cold", "metrics"])
    rows = [line for line in (tmp_path / "proportion.md").read_text().splitlines() if line.startswith("| ")]
    assert rows[1:] == ["| first 2 s ÷ warm | 0.10 |  | higher |", "| GET /metrics: CPU | 25.0 ms | 3.46 ms | lower |"]
    assert record.line(now) == "GET /metrics: CPU: 3.46 ms (before: 25.0)"
    record.write(tmp_path)
    assert set(json.loads((tmp_path / "proportion.json").read_text())["before"]) == {"metrics", "cold"}


@pytest.mark.experiments
@pytest.mark.timeout(120)
def test_rows_are_measured_each_by_itself(tmp_path):
    words = ["--quick", "--data-dir", str(tmp_path), "--only", "idle", "bulk-nobody", "counts", "etag"]
    done = subprocess.run(
        [sys.executable, "-m", "holdfast.bench.proportion", *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for row in ("idle", "bulk-nobody", "counts", "etag"):
        assert f": {row}\n" in done.stderr
    assert "was not measured" not in done.stderr
