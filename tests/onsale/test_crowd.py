"""Arrivals whose moments are known, and a sale in which nobody is lost."""

from dataclasses import replace

import numpy as np
import pytest
from onsale.crowd import arrivals
from onsale.crowd.scenario import Crowd, Retries, Scenario, Site
from onsale.crowd.simulation import simulate
from onsale.installation.queues import Bounds

from reckonable_times import known


@pytest.fixture
def random():
    return np.random.default_rng(1)


@pytest.mark.parametrize("peak", [1.0, 3.0, 20.0])
def test_the_busiest_moment_is_so_many_times_the_mean(random, peak):
    at = arrivals.decaying(400_000, 600.0, peak=peak, random=random)
    assert len(at) == 400_000
    assert 0 <= at.min() <= at.max() <= 600
    assert np.all(np.diff(at) >= 0)
    assert np.mean(at < 2.0) * 300 == pytest.approx(peak, rel=0.1)


def test_a_heavy_tail_comes_later_after_the_same_rush(random):
    light = arrivals.decaying(200_000, 600.0, peak=20.0, random=random)
    heavy = arrivals.pareto(200_000, 600.0, shape=1.2, peak=20.0, random=random)
    assert heavy.max() <= 600
    assert np.mean(heavy < 1.0) == pytest.approx(np.mean(light < 1.0), rel=0.15)
    assert np.quantile(heavy, 0.99) > 1.5 * np.quantile(light, 0.99)


def test_steady_arrivals_do_not_know_of_each_other(random):
    gaps = np.diff(arrivals.poisson(1_000.0, 100.0, random))
    assert gaps.mean() == pytest.approx(0.001, rel=0.02)
    assert gaps.std() == pytest.approx(0.001, rel=0.02)


def test_shares_of_events_add_up_and_fall():
    shares = arrivals.zipf_shares(40, 1.0)
    assert shares.sum() == pytest.approx(1.0)
    assert shares[0] == pytest.approx(0.2337, abs=0.001)
    assert np.allclose(arrivals.zipf_shares(4, 0.0), 0.25)


SMALL = Scenario(Crowd(buyers=700, seconds=5.0, events=5, seats_of_event=140), Site(processes=3, cells=2))


@pytest.mark.parametrize(
    "scenario",
    [
        SMALL,
        replace(SMALL, site=Site(processes=6, cells=2, routing="home", standby_seconds=0.005)),
        replace(SMALL, site=Site(processes=2, cells=1, bounds=Bounds(event_queue_max=4, queue_seconds_max=0.05))),
        replace(SMALL, crowd=replace(SMALL.crowd, retries=Retries(tries_max=1), arrivals="pareto", peak=50.0)),
    ],
)
def test_nobody_is_lost_and_nothing_is_sold_twice(scenario):
    outcome = simulate(scenario, known(request=50.0))
    crowd, requests, buyers = scenario.crowd, outcome.requests, outcome.buyers
    assert buyers["came"] == crowd.buyers
    assert sum(count for how, count in buyers.items() if how != "came") == crowd.buyers
    assert requests["sent"] == sum(count for answer, count in requests.items() if answer != "sent")
    assert buyers["served"] == requests["held"] == len(outcome.took) <= crowd.events * crowd.seats_of_event / 2
    assert requests["confirmed"] <= requests["held"]
    assert outcome.commands >= requests["held"] + requests["confirmed"]
    assert min(outcome.took) > 0


def test_equal_seeds_have_equal_sales_and_others_do_not():
    first, again = simulate(SMALL, known()), simulate(SMALL, known())
    assert first == again
    assert first != simulate(replace(SMALL, seed=2), known())


def test_a_sale_for_fewer_seats_is_sold_out():
    few = replace(SMALL, crowd=replace(SMALL.crowd, seats_of_event=100, look_seconds=0.3, tries_max=50))
    outcome = simulate(few, known())
    assert outcome.buyers["served"] == 5 * 50
    assert outcome.buyers["sold_out"] == 700 - 250
