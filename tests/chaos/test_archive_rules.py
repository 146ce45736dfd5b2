"""When an answer fits an event that leaves for the archive and comes back."""

import pytest
from chaos.checkers.self_test import self_test
from chaos.histories.history import FOREVER
from msgspec.structs import replace


@pytest.fixture
def archived(story):
    """A sale that is over at 5 µs; its event is archived from 100 to 200 ns, and read before and after."""
    story.chart = replace(story.chart, closes_at_us=0)
    story.hold("r1", "a", at=(0, 10))
    story.end("r1", "confirmed", at=(20, 30))
    story.chart = replace(story.chart, edited=story.version)
    story.answered("read_count", "seen", version=story.version, count=2, at=(40, 50))
    story.answered("archive", "archived", version=story.version, at=(90, 100))
    story.answered("restore", "restored", version=story.version, at=(200, 210))
    story.answered("read_count", "seen", version=story.version, count=2, at=(220, 230))
    for operation, outcome in ((3, "ok"), (4, "ok")):
        story.operations[operation] = replace(story.operations[operation], outcome=outcome)
    return story


@pytest.mark.parametrize("kind", ["reserve", "confirm", "read_seat", "read_reservation"])
@pytest.mark.parametrize(
    ("at", "broken"),
    [
        ((60, 89), {"wrong_refusal"}),
        ((60, 90), set()),
        ((120, 130), set()),
        ((210, 300), set()),
        ((211, 300), {"wrong_refusal"}),
    ],
)
def test_a_refusal_overlaps_a_time_in_the_archive(archived, kind, at, broken):
    archived.answered(kind, "event_archived", version=archived.version, reservation="r1", seats=("a",), at=at)
    assert archived.rules_broken() == broken


@pytest.mark.parametrize(
    ("at", "broken"),
    [
        ((60, 130), set()),
        ((100, 130), set()),
        ((101, 130), {"answered_while_archived"}),
        ((101, 199), {"answered_while_archived"}),
        ((101, 200), set()),
        ((150, 220), set()),
    ],
)
def test_nothing_else_is_answered_in_the_archive(archived, at, broken):
    archived.answered("read_count", "seen", version=archived.version, count=2, at=at)
    assert archived.rules_broken() == broken


def test_an_archiving_without_an_answer_may_have_happened(story):
    story.chart = replace(story.chart, closes_at_us=0)
    story.answered("archive", "", at=(90, FOREVER))
    story.answered("read_count", "seen", version=1, count=3, at=(120, 130))
    story.answered("read_count", "event_archived", version=1, at=(140, 150))
    assert story.rules_broken() == set()
    story.answered("restore", "", at=(200, FOREVER))
    story.answered("read_count", "event_archived", version=1, at=(400, 410))
    story.answered("read_count", "seen", version=1, count=3, at=(420, 430))
    assert story.rules_broken() == set()


def test_an_event_is_archived_after_its_sale_and_without_holds(archived):
    archive = archived.operations[3]
    archived.chart = replace(archived.chart, closes_at_us=1)
    assert archived.rules_broken() == {"archived_early", "outside_sale"} - {"outside_sale"}
    archived.chart = replace(archived.chart, closes_at_us=0)
    archived.operations[3] = replace(archive, version=2)
    assert archived.rules_broken() == {"archived_early"}


def test_every_injected_error_is_found(archived):
    archived.answered("read_count", "event_archived", version=archived.version, at=(120, 130))
    report = self_test(archived.operations, archived.database(), seed=1, rounds=3)
    assert report.missed == []
    assert report.injected["archive"] == report.found["archive"] == 12
