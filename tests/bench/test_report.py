import json
import math
import re
from xml.etree import ElementTree as ET

import pytest

from holdfast.bench.report import written as report
from holdfast.bench.report.results import Chart, Result
from holdfast.bench.report.svg import number, svg_of

SVG = "{http://www.w3.org/2000/svg}"


def _drawn(chart: Chart):
    return ET.fromstring(svg_of(chart))


def test_bars_are_as_high_as_their_values():
    root = _drawn(
        Chart("a", 'Words & "marks" <here>', "ms", ["one", "two"], {"p50": [10.0, 5.0], "p99": [20.0, math.nan]})
    )
    heights = [float(bar.get("height")) for bar in root.iter(f"{SVG}rect") if bar.get("y") != "44"]
    assert heights == pytest.approx([130.0 * 2 * 0.5, 256.0, 64.0, 0.0], abs=2.0)
    assert root.get("aria-label") == 'Words & "marks" <here>'


def test_lines_over_numbers_that_reach_far_get_a_logarithmic_axis():
    root = _drawn(Chart("a", "t", "ms", [10.0, 100.0, 1_000.0], {"p50": [1.0, 2.0, 3.0]}, "seats"))
    (line,) = root.iter(f"{SVG}polyline")
    xs = [float(point.split(",")[0]) for point in line.get("points").split()]
    assert xs[1] - xs[0] == pytest.approx(xs[2] - xs[1], abs=0.2)
    assert "seats" in [text.text for text in root.iter(f"{SVG}text")]


@pytest.mark.parametrize(
    ("value", "text"),
    [(12_345.6, "12,346"), (1.234, "1.23"), (0.01234, "0.0123"), (0.0, "0"), (98.76, "98.8"), (math.nan, "none")],
)
def test_numbers_show_three_digits(value, text):
    assert number(value) == text


def _result(value: float, *, holds: bool = True) -> Result:
    result = Result()
    result.add("rate", value, "1/s", "higher", goal=100.0)
    result.add("size", 3.0, "MiB")
    result.check("all stored", holds, "2 of 3")
    result.charts.append(Chart("plot", "Rates", "1/s", ["rate"], {"rate": [value]}))
    return result


def test_the_report_keeps_what_it_says_of_other_experiments(tmp_path):
    report.write(tmp_path, "first", {"Holdfast": [_result(120.0)]}, {"processors": "2"})
    report.write(tmp_path, "second", {"Holdfast": [_result(math.nan)]}, {"processors": "2"})
    known = json.loads((tmp_path / "results.json").read_text(), parse_constant=pytest.fail)
    assert list(known) == ["first", "second"]
    assert known["second"]["servers"]["Holdfast"]["figures"][0]["value"] is None
    text = (tmp_path / "results.md").read_text()
    assert "| rate | 120 1/s |  | ≥ 100: met |" in text
    assert "processors: 2" in text
    for plot in re.findall(r"!\[\w+\]\((\S+)\)", text):
        ET.parse(tmp_path / plot)


def test_two_servers_stand_beside_each_other_with_ratios_of_the_rounds_that_followed_each_other(tmp_path):
    rounds = {"A": [_result(100.0), _result(20.0)], "B": [_result(50.0, holds=False), _result(10.0)]}
    assert report.ratios(rounds) == {"B": {"rate": 2.0}}
    report.write(tmp_path, "both", rounds, {})
    text = (tmp_path / "results.md").read_text()
    assert "| rate | 60 1/s | 30 1/s | 2 | 133% | ≥ 100: **missed** |" in text
    assert "Checks of B: 1 of 2 hold.\n* **Failed**: all stored (2 of 3)" in text
    legend = [text.text for text in ET.parse(tmp_path / "plot.svg").iter(f"{SVG}text")]
    assert {"A, rate", "B, rate"} <= set(legend)
