"""What is simulated for docs/scale.md."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from holdfast.cli.sizing.measured import Measured
from onsale.crowd.hot_event import HotEvent, Sold, sell
from onsale.crowd.outcome import Outcome
from onsale.crowd.scenario import Crowd, Retries, Scenario, Site
from onsale.crowd.simulation import simulate
from onsale.installation.queues import Bounds

PROCESSES = (1, 2, 4, 8, 16, 32, 64)
COMMITS = {"0.13 ms": 0.00013, "1 ms": 0.001, "5 ms": 0.005}
"""What a flush takes on this kind of disk, on a slow one, and with a synchronous standby in another building."""
STEADY_PER_SECOND = 2_000.0
BATCHES = (16, 64, 256, 1_024)
SEATS_EACH = (1, 2, 4, 8)
ZIPFS = (0.0, 1.0, 1.5)
FEW = 8
FEW_NAME = f"{FEW} for holds"
"""Processes that do nothing but holds and confirmations; a proxy can tell these by their paths."""
FIRST_SECONDS = 6.0
"""Of the million's ten minutes; the busiest."""
STORM_SECONDS = 4.0
MILLION = Scenario(Crowd(), Site(processes=64, cells=4, share_for_holds=0.5), until_seconds=FIRST_SECONDS)
POLICIES = {
    "give up": Retries(tries_max=1),
    "back off (1 s, 2 s, 4 s …)": Retries(tries_max=20),
    "at once (50 ms)": Retries(tries_max=500, wait_seconds=0.05, growth=1.0),
}
OVERLOADS = (0.8, 1.5, 2.5)
"""Buyers a second, compared with what the event can sell."""


@dataclass(frozen=True)
class Experiments:
    """Everything that was simulated."""

    most: Mapping[tuple[str, int], Sold]
    """By commit and processes: as much as the event sells."""
    steady: Mapping[tuple[str, int], Sold]
    """The same at `STEADY_PER_SECOND`."""
    batches: Mapping[tuple[str, int], Sold]
    """By commit and the bound of a batch."""
    seats_each: Mapping[int, Sold]
    million: Mapping[str, Outcome]
    zipfs: Mapping[float, Outcome]
    storms: Mapping[tuple[str, float], Outcome]


def run(measured: Measured, say: Callable[[str], None]) -> Experiments:
    """Simulate everything."""
    most: dict[tuple[str, int], Sold] = {}
    steady: dict[tuple[str, int], Sold] = {}
    batches: dict[tuple[str, int], Sold] = {}
    for name, seconds in COMMITS.items():
        say(f"a hot event, commits of {name}")
        for processes in PROCESSES:
            event = HotEvent(processes=processes, flush_seconds=seconds)
            most[name, processes] = sell(event, measured)
            steady[name, processes] = sell(replace(event, per_second=STEADY_PER_SECOND), measured)
        for commands in BATCHES:
            bounded = HotEvent(flush_seconds=seconds, bounds=Bounds(commands_max=commands), callers=2_048)
            batches[name, commands] = sell(bounded, measured)
    say("seats of an order")
    seats_each = {seats: sell(HotEvent(seats_each=seats), measured) for seats in SEATS_EACH}
    million = {}
    for name, site in sites().items():
        say(f"a million buyers: {name}")
        million[name] = simulate(replace(MILLION, site=site), measured)
    zipfs = {}
    for zipf in ZIPFS:
        say(f"a million buyers, zipf {zipf}")
        crowd = replace(MILLION.crowd, zipf=zipf)
        zipfs[zipf] = simulate(replace(MILLION, crowd=crowd, site=sites()[FEW_NAME], until_seconds=3.0), measured)
    return Experiments(most, steady, batches, seats_each, million, zipfs, _storms(measured, say))


def sites() -> dict[str, Site]:
    """Return the installations of the million."""
    site = MILLION.site
    few = replace(site, processes=FEW, share_for_holds=1.0)
    return {
        "all 64": site,
        "home": replace(site, routing="home"),
        FEW_NAME: few,
        f"{FEW_NAME}, standby 5 ms": replace(few, standby_seconds=0.005),
        f"{FEW_NAME}, one cell": replace(few, cells=1),
    }


def _storms(measured: Measured, say: Callable[[str], None]) -> dict[tuple[str, float], Outcome]:
    """More people want to hold seats of one event than it can sell, and there are seats for all."""
    site = Site(processes=1, cells=1)
    most = sell(HotEvent(processes=site.processes, callers=1_024), measured).per_second
    found = {}
    for name, retries in POLICIES.items():
        for overload in OVERLOADS:
            say(f"a storm of {overload} times what an event can sell: {name}")
            crowd = Crowd(
                buyers=int(most * overload * STORM_SECONDS),
                seconds=STORM_SECONDS,
                peak=1.0,
                events=1,
                seats_of_event=100_000_000,
                seats_each=1,
                look_seconds=0.25,
                buys_share=0.0,
                retries=retries,
            )
            found[name, overload] = simulate(Scenario(crowd, site, until_seconds=STORM_SECONDS), measured)
    return found
