"""The two ways of replaying a log: all entries at once, and one by one."""

from random import Random

import numpy as np
import pytest
from chaos.histories.lives import ENDINGS
from chaos.histories.replay import replay, replay_at_once
from chaos.simulation.clients import ON_SALE, RESTLESS, Scenario, simulate
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace as changed

from simulated_runs import scenarios, unhurried

KINDS = st.sampled_from([RESTLESS, ON_SALE])


def replayed_one_by_one(changes):
    """Return the result of a log, and the rules that it breaks."""
    broken = []
    return replay(changes, lambda rule, **_: broken.append(rule)), broken


def assert_same(at_once, one_by_one):
    assert vars(at_once.lives) == vars(one_by_one.lives)
    assert at_once.seats == one_by_one.seats
    assert at_once.last_seats_added == one_by_one.last_seats_added
    for name in ("states", "moved_seats", "moved_at"):
        assert np.array_equal(getattr(at_once, name), getattr(one_by_one, name)), name


def with_an_entry_changed(changes, random):
    """Change the log anywhere: an entry lost, repeated, moved, or with the contents of another."""
    changes = list(changes)
    if not changes:
        return changes
    place, other = random.randrange(len(changes)), random.choice(changes)
    entry = changes[place]
    if random.random() < 0.3:
        return random.choice([changes[:place] + changes[place + 1 :], [*changes, entry], changes[::-1]])
    what = random.choice(
        [
            {"version": max(1, entry.version + random.choice([-2, -1, 1, 2]))},
            {"kind": random.choice(["reserved", "event_edited", "seats_added", *sorted(ENDINGS)])},
            {"kind": other.kind},
            {"reservation": other.reservation},
            {"seats": other.seats},
            {"seats": entry.seats + entry.seats},
            {"seats": ()},
        ]
    )
    changes[place] = changed(entry, **what)
    return changes


@unhurried(200)
@given(scenarios(kinds=KINDS))
def test_a_right_log_makes_the_same_in_both_ways(scenario):
    changes = simulate(scenario).rows.changes
    one_by_one, broken = replayed_one_by_one(changes)
    assert broken == []
    assert_same(replay_at_once(changes), one_by_one)


@unhurried(200)
@given(scenarios(kinds=KINDS), st.integers(1, 4), st.randoms(use_true_random=False))
def test_what_is_taken_at_once_breaks_no_rule(scenario, times, random):
    changes = simulate(scenario).rows.changes
    for _ in range(times):
        changes = with_an_entry_changed(changes, random)
    one_by_one, broken = replayed_one_by_one(changes)
    at_once = replay_at_once(changes)
    assert (at_once is None) >= bool(broken)
    if at_once is not None:
        assert_same(at_once, one_by_one)


@pytest.mark.parametrize("entries", [0, 1])
def test_an_event_with_hardly_a_log_is_replayed(entries):
    changes = simulate(Scenario(seed=1, operations=1)).rows.changes[:entries]
    assert_same(replay_at_once(changes), replayed_one_by_one(changes)[0])


def test_random_changes_do_break_logs():
    changes = simulate(Scenario(seed=3, operations=200)).rows.changes
    random = Random(1)
    broken = [replay_at_once(with_an_entry_changed(changes, random)) is None for _ in range(200)]
    assert 50 < sum(broken) < 200
