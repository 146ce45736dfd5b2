"""What each answer may say at its version."""

import pytest
from chaos.histories.history import FOREVER
from msgspec.structs import replace


def test_an_acknowledged_reservation_that_is_not_stored_is_lost(story):
    story.answered("reserve", "created", version=1, reservation="r1", seats=("a",))
    assert story.rules_broken() == {"lost_write"}


def test_an_answer_from_beyond_the_end_of_the_log_is_a_lost_write(story):
    story.answered("read_seat", "seen", version=7, seats=("a",))
    assert story.rules_broken() == {"lost_write"}


def test_a_second_buyer_of_a_seat_is_a_double_sale(story):
    version = story.hold("r1", "a")
    story.answered("reserve", "created", version=version, reservation="r2", seats=("a",), user="bob")
    assert story.rules_broken() == {"double_sale", "repeated_version", "time_order"}


def test_an_acknowledged_sale_that_the_log_does_not_have_is_lost(story):
    version = story.hold("r1", "a")
    story.answered("confirm", "done", version=version, reservation="r1")
    assert story.rules_broken() == {"lost_write"}


def test_a_reservation_stored_with_other_seats_is_lost(story):
    version = story.held("r1", "a")
    story.answered("reserve", "created", version=version, reservation="r1", seats=("b",))
    assert story.rules_broken() == {"lost_write"}


def test_a_reservation_is_answered_as_new_once(story):
    version = story.hold("r1", "a")
    story.answered("reserve", "created", version=version, reservation="r1", seats=("a",), at=(0, 9))
    assert story.rules_broken() == {"repeated_version"}


def test_an_answer_must_carry_a_version(story):
    story.answered("read_seat", "seen", seats=("a",))
    assert story.rules_broken() == {"missing_version"}


def test_a_replay_gives_the_same_reservation_as_it_stands(story):
    story.hold("r1", "a", "b")
    version = story.end("r1", "confirmed")
    story.answered("reserve", "replayed", version=version, reservation="r1", seats=("b", "a"), status="confirmed")
    assert story.rules_broken() == set()


@pytest.mark.parametrize(
    "answer", [{"reservation": "r2", "status": "pending"}, {"reservation": "r1", "status": "confirmed"}]
)
def test_a_replay_of_another_reservation_or_state_is_wrong(story, answer):
    story.hold("r1", "a")
    version = story.hold("r2", "b")
    story.answered("reserve", "replayed", version=version, key="key of r1", seats=("a",), **answer)
    assert story.rules_broken() == {"wrong_replay"}


def test_a_replay_before_its_reservation_is_wrong(story):
    version = story.version
    story.hold("r1", "a", at=(0, 50))
    story.answered("reserve", "replayed", version=version, reservation="r1", seats=("a",), status="pending", at=(0, 50))
    assert story.rules_broken() == {"wrong_replay"}


def test_a_key_is_reused_only_for_other_seats(story):
    version = story.hold("r1", "a")
    story.answered("reserve", "idempotency_key_reused", version=version, key="key of r1", seats=("b",))
    assert story.rules_broken() == set()
    story.answered("reserve", "idempotency_key_reused", version=version, key="key of r1", seats=("a",))
    assert story.rules_broken() == {"wrong_refusal"}


def test_a_new_key_is_not_reused(story):
    story.answered("reserve", "idempotency_key_reused", version=1, key="new", seats=("b",))
    assert story.rules_broken() == {"wrong_refusal"}


def test_a_refusal_names_what_was_taken(story):
    version = story.hold("r1", "a")
    story.answered("reserve", "seats_unavailable", version=version, seats=("a", "b"), named=("a",), user="bob")
    assert story.rules_broken() == set()


@pytest.mark.parametrize("named", [("b",), ("a", "b"), (), ("c",)])
def test_a_refusal_for_a_free_seat_or_for_one_that_was_not_wanted_is_wrong(story, named):
    version = story.hold("r1", "a", "c")
    story.answered("reserve", "seats_unavailable", version=version, seats=("a", "b"), named=named, user="bob")
    assert story.rules_broken() == {"wrong_refusal"}


def test_a_refusal_may_name_a_seat_that_was_just_being_given_to_another(story):
    before = story.version
    story.hold("r1", "a", at=(0, 50))
    story.answered("reserve", "seats_unavailable", version=before, seats=("a",), named=("a",), user="bob", at=(10, 20))
    assert story.rules_broken() == set()


def test_a_hold_that_ran_out_refuses_nobody(story):
    version = story.hold("r1", "a")
    late = (1_000_000, 1_000_005)
    story.answered("reserve", "seats_unavailable", version=version, seats=("a",), named=("a",), user="bob", at=late)
    assert story.rules_broken() == {"wrong_refusal"}
    assert story.rules_broken(clock_tolerance_ns=1) == set()
    assert story.rules_broken(wall_offset_ns=None) == set()


@pytest.mark.parametrize(
    ("how", "kind", "answer", "legal"),
    [
        ("confirmed", "confirm", "done", True),
        ("confirmed", "cancel", "already_confirmed", True),
        ("confirmed", "confirm", "already_cancelled", False),
        ("confirmed", "cancel", "done", False),
        ("cancelled", "cancel", "done", True),
        ("cancelled", "confirm", "already_cancelled", True),
        ("cancelled", "confirm", "hold_expired", False),
        ("cancelled", "confirm", "done", False),
        ("cancelled", "cancel", "already_confirmed", False),
    ],
)
def test_what_an_ended_reservation_answers(story, how, kind, answer, legal):
    story.hold("r1", "a")
    version = story.end("r1", how)
    story.answered(kind, answer, version=version, reservation="r1")
    assert story.rules_broken() == (set() if legal else {"wrong_resolution"})
    assert bool(story.searched().illegal) is not legal


@pytest.mark.parametrize(
    ("kind", "answer", "legal"),
    [
        ("confirm", "hold_expired", True),
        ("cancel", "done", True),
        ("confirm", "done", False),
        ("confirm", "already_cancelled", False),
    ],
)
def test_what_an_expired_reservation_answers(story, kind, answer, legal):
    story.hold("r1", "a")
    version = story.ended("r1", "expired", at_us=1_000)
    late = (2_000_000, 2_000_005)
    story.answered(kind, answer, version=version, reservation="r1", at=late)
    assert story.rules_broken() == (set() if legal else {"wrong_resolution"})
    assert bool(story.searched().illegal) is not legal


def test_only_the_owner_finds_a_reservation(story):
    story.hold("r1", "a")
    story.answered("confirm", "reservation_not_found", reservation="r1", user="bob")
    assert story.rules_broken() == set()
    story.answered("confirm", "reservation_not_found", reservation="r1", user="ann")
    assert story.rules_broken() == {"wrong_resolution"}


def test_an_effect_of_a_call_that_was_answered_none_is_wrong(story):
    story.held("r1", "a")
    story.answered("reserve", "none", seats=("a",), key="key of r1")
    assert story.rules_broken() == {"effect_nobody_asked"}
    assert story.rules_broken(complete=False) == set()


@pytest.mark.parametrize("how", ["confirmed", "cancelled"])
def test_a_sale_or_release_nobody_asked_for_is_wrong(story, how):
    story.hold("r1", "a")
    story.ended("r1", how)
    assert story.rules_broken() == {"effect_nobody_asked"}


def test_deletion_of_the_event_cancels_unasked(story):
    story.hold("r1", "a")
    story.ended("r1", "cancelled")
    story.rows["r1"] = replace(story.rows["r1"], cancel_reason="event_deleted")
    assert story.rules_broken() == set()


def test_what_was_seen_before_a_call_is_not_unseen_by_it(story):
    before = story.version
    story.hold("r1", "a", at=(0, 10))
    story.answered("read_seat", "seen", version=before, seats=("a",), at=(10, 20))
    assert story.rules_broken() == set(), "they touch, so they may have overlapped"
    story.answered("read_seat", "seen", version=before, seats=("a",), at=(11, 20))
    assert story.rules_broken() == {"time_order"}
    assert story.rules_broken(read_lag_ns=1) == set()


def test_a_decision_is_never_old(story):
    before = story.version
    story.hold("r1", "a", at=(0, 10))
    story.answered("reserve", "seats_not_found", version=before, seats=("b",), at=(11, 20))
    assert story.rules_broken(read_lag_ns=1_000_000) == {"time_order"}


def test_an_effect_does_not_come_at_a_version_seen_before_its_call(story):
    version = story.held("r1", "a")
    story.answered("read_seat", "seen", version=version, seats=("a",), status="held r1", at=(0, 10))
    story.answered("reserve", "created", version=version, reservation="r1", seats=("a",), at=(11, 20))
    assert story.rules_broken() == {"time_order"}


def test_an_unanswered_call_had_its_effect_after_it_was_made(story):
    version = story.held("r1", "a")
    story.answered("read_seat", "seen", version=version, seats=("a",), status="held r1", at=(0, 10))
    story.answered("reserve", "reset", seats=("a",), key="key of r1", at=(11, FOREVER))
    assert story.rules_broken() == {"time_order"}
    assert story.searched().illegal
