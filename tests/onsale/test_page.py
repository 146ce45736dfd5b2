"""docs/scale.md shows what was measured, and the command that measures writes it where it belongs."""

from pathlib import Path

import pytest
from onsale.report import page, tables
from onsale.validate import compared

from holdfast.cli.sizing.estimate import OnSale, Pools, estimate
from holdfast.cli.sizing.measured import FILE, STEPS, measured
from holdfast.settings import Settings

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")


def test_the_page_shows_the_times_and_the_comparison_that_are_stored():
    assert tables.constants(measured()) in PAGE
    assert tables.comparisons(compared.read(ROOT / compared.FILE)) in PAGE


def test_times_and_comparison_are_of_one_sitting():
    assert compared.read(ROOT / compared.FILE).measured_at == measured().machine["measured at"]


def test_the_answer_in_short_is_what_the_calculator_says():
    settings = Settings()
    pools = Pools(settings.write_pool_size, settings.read_pool_size, settings.catalogue_pool_size)
    found = estimate(OnSale(seats=800_000, buyers=1_000_000, minutes=10, events=40), pools)
    short = PAGE.partition("## The model")[0]
    assert f"{found.attempts_per_second:,.0f} and {found.reads_per_second:,.0f}" in short
    assert f"{found.processes.low} to {found.processes.high}" in short
    assert f"{found.cells.low} to {found.cells.high} cells" in short
    assert f"{round(found.connections.low, -2):,} to {round(found.connections.high, -2):,}" in short
    assert found.stream_bits_per_second.high == pytest.approx(10e9, rel=0.1)


def test_tables_go_between_their_marks_again_and_again():
    marks = "a\n<!-- bounds: written by make onsale -->\n<!-- end -->\nb\n"
    once = page.with_tables(marks, {"bounds": "| 1 |"})
    assert once == "a\n<!-- bounds: written by make onsale -->\n\n| 1 |\n\n<!-- end -->\nb\n"
    assert page.with_tables(once, {"bounds": "| 1 |"}) == once
    with pytest.raises(ValueError, match="storms"):
        page.with_tables(marks, {"storms": ""})


def test_every_plot_of_the_page_is_there():
    for name in ("compared-per-second", "compared-p50", "hot-event", "hot-event-latency", "million", "storms"):
        assert f"(scale/{name}.svg)" in PAGE
        svg = (ROOT / "docs" / "scale" / f"{name}.svg").read_text(encoding="utf-8")
        assert "prefers-color-scheme" in svg, "it can be read on dark pages too"


def test_what_is_stored_makes_sense():
    found = measured()
    assert FILE.exists()
    assert tuple(found.steps) == STEPS
    for step in found.steps.values():
        assert list(step.spread) == sorted(step.spread)
        assert 0.3 < step.spread[len(step.spread) // 2] < 3
    assert list(found.flush) == sorted(found.flush)
    assert 0.3 < found.both_busy <= 1.0
    assert found.held_seconds(256, 256, commit_seconds=0.0) / 256 < found.held_seconds(1, 1, commit_seconds=0.0)
