"""`holdfast size`: its arithmetic, its sources, and what it refuses."""

import json
import math
import re
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from holdfast.application.reading import live_changes, seat_map
from holdfast.cli import app
from holdfast.cli.sizing import figures
from holdfast.cli.sizing.estimate import OnSale, Pools, Range, estimate
from holdfast.cli.sizing.measured import measured
from holdfast.settings import Settings

ROOT = Path(__file__).parents[2]
SALE = OnSale(seats=50_000, buyers=200_000, minutes=10)
POOLS = Pools(write=4, read=4, catalogue=2)


def _size(*words: str):
    return CliRunner().invoke(app, ["size", *words])


def test_the_example_of_the_documentation_by_hand():
    found = estimate(SALE, POOLS)
    assert found.attempts_per_second == pytest.approx(200_000 * 1.5 / 600 * 5)
    assert found.reads_per_second == pytest.approx(200_000 * 20 / 600 * 5)
    assert (found.reservations, found.streams) == (25_000, 60_000)
    # 600,000 frames a second at 10.9 to 30 µs, 33,333 reads at 110 to 300 µs, 2,500 holds at 112 to 207 µs.
    assert found.node_cores.low == pytest.approx(6.54 + 3.667 + 0.28, abs=0.01)
    assert found.node_cores.high == pytest.approx(18.0 + 10.0 + 0.5175, abs=0.01)
    assert (found.processes.low, found.processes.high) == (math.ceil(10.487 / 0.6) + 1, math.ceil(28.52 / 0.6) + 1)
    assert found.connections.low == found.processes.low * (4 + 4 + 2 + 13) + 20
    assert found.map_bytes.low == 50_000 * 34
    assert found.hot_event_seconds.high == 0.0
    # 100,000 changes in 600 s, five times as many in the busiest second: 833, of 10 bytes, in 10 frames of 75.
    assert found.stream_bits_per_second.high == pytest.approx(8 * 60_000 * (750 + 8_333.3), rel=1e-3)


def test_every_process_has_connections_to_every_cell():
    """Also to those that this sale would not need: they are there, and have a `max_connections` of their own."""
    one, three = estimate(SALE, POOLS), estimate(SALE, replace(POOLS, cells=3))
    assert one.connections_further.high == 0
    assert one.connections_of_process.high == 23
    assert three.connections.low == three.processes.low * 25 + 20
    assert three.connections_further.low == three.processes.low * 21 + 20
    assert (three.connections_of_process.low, three.connections_of_process.high) == (67, 67)
    many = estimate(OnSale(seats=800_000, buyers=1_000_000, minutes=10, events=40), POOLS)
    assert (many.cells.low, many.cells.high) == (1, 4)
    assert (many.connections_of_process.low, many.connections_of_process.high) == (23, 25 + 3 * 21)
    assert many.connections_further == Range(0, many.processes.high * 21 + 20)


def test_cells_that_there_are_come_from_the_environment_or_an_option(monkeypatch):
    words = ("--seats", "100", "--buyers", "100", "--minutes", "1", "--json")
    monkeypatch.setenv("CELLS", '{"1": {"url": "postgresql://a/b"}, "2": {"url": "postgresql://c/d"}}')
    assert json.loads(_size(*words).stdout)["estimate"]["connections_of_process"]["high"] == 67
    assert json.loads(_size(*words, "--cells", "2").stdout)["estimate"]["connections_of_process"]["high"] == 46
    assert "to each further cell" in _size(*words[:-1]).stdout


def test_every_range_goes_from_low_to_high_and_nothing_is_negative():
    for sale in (SALE, OnSale(1, 1, 0.1), OnSale(1_000_000, 10_000_000, 1), replace(SALE, watching=0.0, looks=0)):
        found = estimate(sale, POOLS)
        for name, value in vars(found).items():
            if hasattr(value, "low"):
                assert 0 <= value.low <= value.high, (sale, name)


@pytest.mark.parametrize("more", [{"buyers": 400_000}, {"minutes": 5}, {"peak": 10.0}])
def test_twice_the_crowd_needs_twice_the_cpu_for_it(more):
    one, two = estimate(SALE, POOLS), estimate(replace(SALE, **more), POOLS)
    assert two.attempts_per_second == pytest.approx(2 * one.attempts_per_second)
    assert two.redis_cores.high == pytest.approx(2 * one.redis_cores.high)
    assert two.processes.high > one.processes.high
    assert two.sold_bytes == one.sold_bytes, "what is sold is the same"


def test_more_than_one_event_can_decide_is_said():
    found = estimate(replace(SALE, minutes=1), POOLS)
    assert found.attempts_per_second == 25_000
    assert found.hot_event_seconds.high == pytest.approx((25_000 / found.event_rate.low - 1) * 60)
    assert any("more nodes do not help" in note for note in found.notes)
    assert estimate(replace(SALE, minutes=100, watching=0.05), POOLS).notes == []


def test_one_event_sells_a_full_batch_for_as_long_as_it_is_locked():
    found = estimate(SALE, POOLS)
    held = measured().held_seconds(256, 512, commit_seconds=SALE.commit_seconds)
    assert found.event_rate.high == pytest.approx(256 / held)
    assert found.event_rate.low == min(figures.EVENT_RATE.low, found.event_rate.high)
    slow = estimate(replace(SALE, commit_seconds=0.1), POOLS)
    assert slow.event_rate.high < found.event_rate.high
    large = estimate(replace(SALE, seats_each=20), POOLS)
    assert large.event_rate.high == pytest.approx(50 / measured().held_seconds(50, 1_000, commit_seconds=0.0002))


def test_several_events_share_the_crowd_and_each_stream_has_the_changes_of_one():
    one = estimate(replace(SALE, seats=1_000_000, buyers=1_000_000), POOLS)
    many = estimate(replace(SALE, seats=1_000_000, buyers=1_000_000, events=40), POOLS)
    assert many.attempts_per_second == one.attempts_per_second
    assert many.stream_bits_per_second.high < one.stream_bits_per_second.high / 2
    assert many.hot_event_seconds.high == 0.0 < one.hot_event_seconds.high
    assert replace(SALE, events=2, hottest=0.1).hottest_share == 0.5


def test_there_is_always_a_process_that_may_fail():
    assert estimate(OnSale(10, 10, 10), POOLS).processes.low == 2


def test_what_it_prints_names_every_assumption_and_source():
    done = _size("--seats", "50000", "--buyers", "200000", "--minutes", "10")
    assert done.exit_code == 0
    for figure in figures.ALL:
        assert f"{figure.what}: " in done.stdout
        assert figure.source in done.stdout
    assert "60% of a core are planned for" in done.stdout
    assert "API processes" in done.stdout


def test_the_documentation_shows_what_it_prints():
    done = _size("--seats", "50000", "--buyers", "200000", "--minutes", "10")
    assert done.stdout.strip() in (ROOT / "docs" / "capacity.md").read_text()


def test_json_has_the_same_numbers():
    words = ("--seats", "50000", "--buyers", "200000", "--minutes", "10", "--json")
    told = json.loads(_size(*words).stdout)
    assert told["estimate"]["reservations"] == 25_000
    assert told["on_sale"]["peak"] == 5.0
    assert len(told["figures"]) == len(figures.ALL)


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("--seats", "0"), "--seats"),
        (("--buyers", "-1"), "--buyers"),
        (("--minutes", "0"), "--minutes"),
        (("--minutes", "nan"), "--minutes"),
        (("--minutes", "soon"), "--minutes"),
        (("--seats", "1e4"), "--seats"),
        (("--seats", "2000000"), "--seats"),
        (("--events", "0"), "--events"),
        (("--cells", "0"), "--cells"),
        (("--hottest", "1.5"), "--hottest"),
        (("--commit", "0"), "--commit"),
        (("--watching", "2"), "--watching"),
        (("--peak", "0.5"), "--peak"),
        (("--peak", "inf"), "--peak"),
        (("--seats-each", "21"), "--seats-each"),
    ],
)
def test_bad_input_names_the_option(words, named):
    good = {"--seats": "100", "--buyers": "100", "--minutes": "1"} | dict([words])
    done = _size(*(word for pair in good.items() for word in pair))
    assert done.exit_code == 2
    assert named in done.stderr
    assert "Traceback" not in done.stderr


def test_what_is_missing_is_named():
    done = _size("--seats", "5")
    assert (done.exit_code, "--buyers" in done.stderr) == (2, True)


def test_the_figures_are_those_of_the_code_and_of_the_pages():
    assert figures.MAP_SEAT.low == seat_map._SEAT_BYTES
    assert 1 / live_changes.TICK_SECONDS == figures.FRAMES_PER_SECOND_MAX
    page = (ROOT / "docs" / "configuration.md").read_text()
    bare = Pools(write=0, read=0, catalogue=0)
    assert f"`CATALOGUE_POOL_SIZE` + {bare.to_home(1)} connections" in page
    assert f"{bare.to_home(2) - bare.to_home(1)} more to cell 0".replace("2", "two", 1) in page
    assert f"`CATALOGUE_POOL_SIZE` + {bare.to_further_cell()} to each further cell" in page
    defaults = Settings()
    assert Pools(defaults.write_pool_size, defaults.read_pool_size, defaults.catalogue_pool_size) == POOLS
    limits = (ROOT / "docs" / "benchmarks" / "results.md").read_text()
    cpu = [float(found) for found in re.findall(r"CPU of a reservation, server \| (\d+) µs", limits)]
    assert figures.HOLD_NODE.low == min(cpu)
    assert (
        defaults.batch_commands_max,
        defaults.batch_seats_max,
    ) == (figures.BATCH_COMMANDS_MAX, figures.BATCH_SEATS_MAX)


def test_the_simulation_s_times_do_not_contradict_the_calculator_s_figures():
    """Both are of the same work: CPU of a hold in batches of 64, which the published runs had."""
    steps, request = measured().steps.values(), measured().request
    node = request.node + sum(step.node.of(1, 64, 64) for step in steps) / 64
    postgres = sum(step.postgres.of(1, 64, 64) for step in steps) / 64
    for figure, value in ((figures.HOLD_NODE, node), (figures.HOLD_POSTGRES, postgres)):
        assert figure.low / 1.5 <= value <= figure.high * 1.5, figure.what


def test_every_source_exists():
    for figure in figures.ALL:
        for name in re.findall(r"(?:docs|src|loadtest)/[\w./-]+", figure.source):
            assert (ROOT / name.rstrip(".")).exists(), figure.source
