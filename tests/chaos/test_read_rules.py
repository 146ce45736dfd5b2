"""What reads may show at their version."""

import pytest

LATE = (1_000_000, 1_000_005)


def read(story, kind, version, at=None, **what):
    story.answered(kind, "seen", version=version, at=at, **what)
    return story.rules_broken()


@pytest.mark.parametrize(("state", "broken"), [("held r1", set()), ("", {"stale_read"}), ("sold r1", {"stale_read"})])
def test_a_seat_reads_as_it_was_at_the_version(story, state, broken):
    version = story.hold("r1", "a")
    assert read(story, "read_seat", version, seats=("a",), status=state) == broken
    assert bool(story.searched().illegal) is bool(broken)


def test_a_hold_that_ran_out_may_read_as_free(story):
    version = story.hold("r1", "a")
    story.ended("r1", "expired", at_us=2_000)
    assert read(story, "read_seat", version, seats=("a",), status="", at=LATE) == set()
    assert read(story, "read_free_list", version, named=("a", "b", "c"), at=LATE) == set()
    assert read(story, "read_list", version, taken={}, at=LATE) == set()
    assert read(story, "read_count", version, count=3, at=LATE) == set()
    assert read(story, "read_reservation", version, reservation="r1", status="expired", at=LATE) == set()
    assert story.searched().illegal == []


def test_a_sold_seat_never_reads_as_free(story):
    story.hold("r1", "a")
    version = story.end("r1", "confirmed")
    assert read(story, "read_seat", version, seats=("a",), status="", at=LATE) == {"stale_read"}


@pytest.mark.parametrize(
    ("taken", "broken"),
    [
        ({"a": "held r1", "b": "held r1"}, set()),
        ({"a": "held r1"}, {"stale_read"}),
        ({"a": "held r1", "b": "held r1", "c": "held r2"}, {"stale_read"}),
        ({"a": "held r1", "b": "sold r1"}, {"stale_read"}),
    ],
)
def test_a_list_shows_all_seats_at_one_version(story, taken, broken):
    version = story.hold("r1", "a", "b")
    story.end("r1", "cancelled", at=(0, 900))
    assert read(story, "read_list", version, taken=taken, at=(0, 900)) == broken


@pytest.mark.parametrize(
    ("named", "broken"), [(("c", "b"), set()), (("a", "b", "c"), {"stale_read"}), (("b",), {"stale_read"})]
)
def test_a_list_of_free_seats_names_all_of_them_and_no_other(story, named, broken):
    version = story.hold("r1", "a")
    assert read(story, "read_free_list", version, named=named) == broken


@pytest.mark.parametrize(("count", "broken"), [(2, set()), (3, {"stale_read"}), (1, {"stale_read"})])
def test_a_count_is_that_of_its_version(story, count, broken):
    version = story.hold("r1", "a")
    assert read(story, "read_count", version, count=count) == broken


@pytest.mark.parametrize(
    ("status", "broken"), [("pending", set()), ("confirmed", {"stale_read"}), ("expired", {"stale_read"})]
)
def test_a_reservation_reads_as_it_stood_at_the_version(story, status, broken):
    version = story.hold("r1", "a")
    story.end("r1", "confirmed", at=(0, 900))
    assert read(story, "read_reservation", version, reservation="r1", status=status, at=(0, 900)) == broken
