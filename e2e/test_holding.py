"""Holds: one buyer for each seat, one effect for each key, and what a live hold may become."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from e2e.installation import comes_true
from e2e.test_service import assert_problem

RIVALS = 20
EXPIRY_WAITED_FOR_SECONDS_MAX = 15.0


def test_a_hold_has_its_seats_their_price_and_an_end(event, buyer):
    wanted = event.take(2)
    free = event.available()
    answer = event.reserve(buyer, wanted)
    held = answer.json()
    assert (answer.status_code, held["status"], held["total_amount"]) == (201, "pending", 2_000)
    assert sorted(held["seat_ids"]) == sorted(wanted)
    assert datetime.fromisoformat(held["expires_at"]) > datetime.now(UTC)
    assert int(answer.headers["event-version"]) > 0
    assert comes_true(lambda: event.available() == free - 2)
    assert comes_true(lambda: event.status_of(wanted[0]) == "reserved")


def test_of_many_who_want_a_seat_exactly_one_gets_it(installation, event):
    (seat,) = event.take()
    together = threading.Barrier(RIVALS)

    def attempt(user: str):
        together.wait()
        return event.reserve(user, [seat])

    with ThreadPoolExecutor(RIVALS) as crowd:
        answers = list(crowd.map(attempt, [installation.buyer() for _ in range(RIVALS)]))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * (RIVALS - 1)
    for answer in answers:
        if answer.status_code == 409:
            assert assert_problem(answer, 409, "seats_unavailable")["seat_ids"] == [seat]


def test_sent_again_it_is_the_same_reservation(event, buyer):
    wanted = event.take(2)
    held = event.hold(buyer, wanted, "again")
    replay = event.reserve(buyer, wanted[::-1], "again")
    assert (replay.status_code, replay.json()["id"]) == (201, held["id"])
    assert replay.headers["idempotent-replayed"] == "true"


def test_a_key_is_for_its_seats_only(event, buyer):
    one, other = event.take(2)
    event.hold(buyer, [one], "mine")
    assert_problem(event.reserve(buyer, [other], "mine"), 422, "idempotency_key_reused")
    assert event.status_of(other) == "available"


def test_all_seats_or_none(installation, event, buyer):
    one, other = event.take(2)
    event.hold(installation.buyer(), [one])
    assert_problem(event.reserve(buyer, [one, other]), 409, "seats_unavailable")
    assert event.status_of(other) == "available"


def test_a_cancelled_hold_frees_its_seat_at_once(installation, event, buyer):
    (seat,) = event.take()
    held = event.hold(buyer, [seat])
    path = f"/reservations/{held['id']}"
    cancelled = event.ask(200, "POST", f"{path}/cancel", user=buyer)
    assert (cancelled["status"], cancelled["cancel_reason"]) == ("cancelled", "user")
    assert_problem(installation.call("POST", f"{path}/confirm", user=buyer), 409, "already_cancelled")
    event.hold(installation.buyer(), [seat])


def test_a_buyer_finds_their_reservations(event, buyer):
    held = event.hold(buyer, event.take())

    def listed() -> list[str]:
        return [found["id"] for found in event.ask(200, "GET", "/reservations?limit=10", user=buyer)]

    assert comes_true(lambda: held["id"] in listed())
    assert event.ask(200, "GET", f"/reservations/{held['id']}", user=buyer)["seat_ids"] == held["seat_ids"]


def test_others_do_not(installation, event, buyer):
    if installation.token is not None:
        pytest.skip("a seller's token sees all reservations of its events")
    held = event.hold(buyer, event.take())
    answer = installation.call("GET", f"/reservations/{held['id']}", user=installation.buyer())
    assert_problem(answer, 404, "reservation_not_found")


def test_a_hold_is_extended_once_for_an_end(event, buyer):
    held = event.hold(buyer, event.take())
    path, known = f"/reservations/{held['id']}/extend", {"expires_at": held["expires_at"]}
    extended = event.ask(200, "POST", path, user=buyer, json=known)
    assert extended["expires_at"] > held["expires_at"]
    again = event.ask(200, "POST", path, user=buyer, json=known)
    assert again["expires_at"] == extended["expires_at"]


def test_a_hold_changes_its_seats(event, buyer):
    kept, left, added = event.take(3)
    held = event.hold(buyer, [kept, left])
    path = f"/reservations/{held['id']}/seats"
    changed = event.ask(200, "PUT", path, user=buyer, json={"seat_ids": [kept, added]})
    assert sorted(changed["seat_ids"]) == sorted([kept, added])
    assert changed["expires_at"] == held["expires_at"]
    assert comes_true(lambda: event.status_of(left) == "available")


def test_a_hold_that_runs_out_is_free_at_that_instant(installation, event, buyer):
    (seat,) = event.take()
    held = event.hold(buyer, [seat])
    expires_at, created_at = (datetime.fromisoformat(held[name]) for name in ("expires_at", "created_at"))
    assert expires_at > created_at
    lasts = (expires_at - created_at).total_seconds()
    if lasts > EXPIRY_WAITED_FOR_SECONDS_MAX:
        pytest.skip(f"a hold lasts {lasts:.0f} s here, which is not waited for")
    time.sleep(lasts + 0.2)
    answer = installation.call("POST", f"/reservations/{held['id']}/confirm", user=buyer)
    assert_problem(answer, 409, "hold_expired")
    event.hold(installation.buyer(), [seat])


def test_a_sale_is_final(installation, buyer):
    with installation.kept_event() as event:
        held = event.hold(buyer, event.take(), installation.run)
        path = f"/reservations/{held['id']}"
        sold = event.ask(200, "POST", f"{path}/confirm", user=buyer)
        assert (sold["status"], bool(sold["confirmed_at"])) == ("confirmed", True)
        assert event.ask(200, "POST", f"{path}/confirm", user=buyer) == sold
        assert_problem(installation.call("POST", f"{path}/cancel", user=buyer), 409, "already_confirmed")
        assert comes_true(lambda: event.status_of(held["seat_ids"][0]) == "confirmed")
        deleted = installation.call("DELETE", f"/events/{event.id}")
        assert_problem(deleted, 409, "event_has_confirmed_reservations")
