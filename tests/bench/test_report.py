import json
import math
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from holdfast.bench.report import meaning
from holdfast.bench.report import written as report
from holdfast.bench.report.plot import number, svg_of
from holdfast.bench.report.results import Chart, Result

SVG = "{http://www.w3.org/2000/svg}"


def _words(chart: Chart) -> list[str]:
    return [text.text for text in ET.fromstring(svg_of(chart)).iter(f"{SVG}text")]


def test_bars_name_their_values_also_where_there_is_none():
    chart = Chart(
        "a", 'Words & "marks" <here>', "ms", ["one, two", "three"], {"p50": [10.0, 5.0], "p99": [20.0, math.nan]}
    )
    assert ET.fromstring(svg_of(chart)).get("aria-label") == 'Words & "marks" <here>'
    assert {'Words & "marks" <here>', "ms", "one", "two", "three", "10", "5", "20", "none", "p50", "p99"} <= {
        *_words(chart)
    }


def test_lines_over_numbers_that_reach_far_get_a_logarithmic_axis():
    """On another axis all but the largest number would stand on one place."""
    chart = Chart("a", "t", "ms", [10.0, 100.0, 1_000.0], {"p50": [1.0, 2.0, 3.0]}, "seats")
    places = {text.text: float(text.get("x")) for text in ET.fromstring(svg_of(chart)).iter(f"{SVG}text")}
    assert places["100"] - places["10"] == pytest.approx(places["1,000"] - places["100"], abs=0.2)
    assert "seats" in places


def test_a_plot_is_the_same_bytes_for_the_same_figures_and_fits_dark_pages():
    chart = Chart("a", "t", "ms", ["one"], {"p50": [1.0]})
    drawn = svg_of(chart)
    assert drawn == svg_of(chart)
    assert "prefers-color-scheme:dark" in drawn
    # What is outside its axes is not drawn on a ground of its own.
    assert "fill: #ffffff" not in drawn


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


def test_the_documentation_says_what_is_printed_below_the_figures():
    page = (Path(__file__).parents[2] / "docs" / "benchmarks" / "README.md").read_text()
    assert "\n".join(meaning.table()) in page
    assert len(meaning.lines()) == len(meaning.MEANINGS)
    assert all(len(line) <= 140 for line in meaning.lines())
