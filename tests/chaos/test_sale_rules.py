"""When a hold or a refusal fits the times of the sale, and a sale the one who may confirm."""

import pytest
from chaos.histories.history import FOREVER
from msgspec.structs import replace


def test_a_hold_is_made_from_the_opening_until_before_the_closing(story):
    for number, (at_us, seat) in enumerate(((5, "a"), (9, "b"))):
        version = story.held(f"r{number}", seat, at_us=at_us)
        story.answered("reserve", "created", version=version, reservation=f"r{number}", seats=(seat,))
    story.chart = replace(story.chart, opens_at_us=5, closes_at_us=10)
    assert story.rules_broken() == set()
    for times in ({"opens_at_us": 6}, {"closes_at_us": 9}):
        story.chart = replace(story.chart, **{"opens_at_us": 5, "closes_at_us": 10} | times)
        assert story.rules_broken() == {"outside_sale"}
    story.chart = replace(story.chart, edited=story.version)
    assert story.rules_broken() == set(), "what the times were before the last edit is not known"


def test_a_sale_that_has_opened_does_not_refuse(story):
    story.chart = replace(story.chart, opens_at_us=1)
    story.answered("reserve", "sale_not_open", version=1, seats=("a",), at=(990, 2_000))
    assert story.rules_broken() == set()
    story.answered("reserve", "sale_not_open", version=1, seats=("a",), at=(1_000, 2_000))
    assert story.rules_broken() == {"wrong_refusal"}
    assert story.rules_broken(wall_offset_ns=None) == set(), "without a common clock nobody knows"
    story.chart = replace(story.chart, opens_at_us=0)
    assert story.rules_broken(wall_offset_ns=None) == {"wrong_refusal"}
    story.chart = replace(story.chart, edited=2)
    assert story.rules_broken() == set()


def test_a_sale_that_has_not_closed_does_not_refuse(story):
    story.chart = replace(story.chart, closes_at_us=2)
    story.answered("reserve", "booking_closed", version=1, seats=("a",), at=(0, 2_000))
    assert story.rules_broken() == set()
    story.answered("reserve", "booking_closed", version=1, seats=("a",), at=(0, 1_999))
    assert story.rules_broken() == {"wrong_refusal"}


@pytest.mark.parametrize(("kind", "broken"), [("sell", set()), ("confirm", {"seller_confirms"})])
def test_what_only_the_seller_confirms_was_asked_for_by_the_seller(story, kind, broken):
    story.hold("r1", "a")
    version = story.ended("r1", "confirmed")
    story.answered(kind, "done", version=version, reservation="r1")
    assert story.rules_broken() == set()
    story.chart = replace(story.chart, seller_confirms=True)
    assert story.rules_broken() == broken
    assert story.rules_broken(complete=False) == set()


def test_a_seller_without_an_answer_may_have_confirmed(story):
    story.chart = replace(story.chart, seller_confirms=True)
    story.hold("r1", "a")
    version = story.ended("r1", "confirmed")
    story.answered("sell", "", reservation="r1", at=(10, FOREVER))
    story.answered("confirm", "done", version=version, reservation="r1", at=(30, 40))
    assert story.rules_broken() == set()


def test_a_buyer_is_refused_only_for_a_hold_that_the_seller_confirms(story):
    version = story.hold("r1", "a")
    story.answered("confirm", "seller_confirms", version=version, reservation="r1")
    assert story.rules_broken() == {"wrong_refusal"}
    story.chart = replace(story.chart, seller_confirms=True)
    assert story.rules_broken() == set()
    version = story.ended("r1", "confirmed")
    story.answered("sell", "done", version=version, reservation="r1")
    story.answered("confirm", "seller_confirms", version=version, reservation="r1")
    assert story.rules_broken() == {"wrong_resolution"}
