"""What the log and the rows must say by themselves."""

from chaos.histories.database_rows import ClaimRow
from msgspec.structs import replace


def test_a_seat_may_be_held_given_back_held_again_and_sold(story):
    story.hold("r1", "a", "b")
    story.end("r1", "cancelled")
    story.hold("r2", "a", user="bob")
    story.end("r2", "confirmed")
    assert story.rules_broken() == set()


def test_one_seat_in_two_live_reservations_is_a_double_sale(story):
    story.hold("r1", "a")
    story.hold("r2", "a", user="bob")
    assert story.rules_broken() == {"double_sale"}


def test_a_sold_seat_that_is_held_is_a_double_sale(story):
    story.hold("r1", "a")
    story.end("r1", "confirmed")
    story.hold("r2", "a", user="bob")
    assert story.rules_broken() == {"double_sale"}


def test_a_reservation_ends_once(story):
    story.hold("r1", "a")
    story.end("r1", "confirmed")
    story._log("cancelled", "r1", ("a",), 20)
    assert story.rules_broken() == {"log_transition"}


def test_a_log_without_a_version_has_a_hole(story):
    story.hold("r1", "a")
    story.held("r2", "b")
    story.changes[-1] = replace(story.changes[-1], version=4)
    story.rows["r2"] = replace(story.rows["r2"], created_version=4, changed_version=4)
    assert story.rules_broken(complete=False) == {"missing_version"}


def test_a_version_is_one_entry(story):
    story.hold("r1", "a")
    story.changes.append(story.changes[-1])
    assert story.rules_broken() == {"repeated_version"}


def test_a_hold_expires_when_it_has_run_out(story):
    story.hold("r1", "a")
    story.ended("r1", "expired", at_us=1_000)
    assert story.rules_broken() == set()


def test_a_hold_does_not_expire_before(story):
    story.hold("r1", "a")
    story.ended("r1", "expired", at_us=999)
    assert story.rules_broken() == {"early_expiry"}


def test_a_hold_that_ran_out_is_not_sold(story):
    story.hold("r1", "a")
    story.end("r1", "confirmed", at_us=1_000)
    assert story.rules_broken() == {"late_resolution"}


def test_a_row_says_what_the_log_says(story):
    story.hold("r1", "a")
    story.rows["r1"] = replace(story.rows["r1"], status="confirmed")
    assert story.rules_broken() == {"row_differs"}


def test_a_row_without_an_entry_is_wrong(story):
    story.hold("r1", "a")
    story.rows["r9"] = replace(story.rows["r1"], id="r9", key="other")
    assert story.rules_broken() == {"row_differs"}


def test_a_claim_says_what_the_log_says(story):
    story.hold("r1", "a")
    story.claims["a"] = ClaimRow("e", "a", "sold r1").state
    assert story.rules_broken() == {"row_differs"}


def test_a_key_makes_one_reservation(story):
    story.hold("r1", "a")
    story.held("r2", "b", key="key of r1")
    assert "key_made_two" in story.rules_broken(complete=False)
