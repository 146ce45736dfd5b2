"""What buyers look at: lists, counts, the live changes, and seats chosen for them."""

import json
import threading

import pytest

from e2e.installation import comes_true
from e2e.test_service import assert_problem

WAIT_SECONDS = 10.0


def test_the_seats_are_listed_in_order_and_the_free_ones_alone(event):
    seats = event.ask(200, "GET", f"/events/{event.id}/seats")
    numbers = [seat["seat_number"] for seat in seats]
    assert numbers == sorted(numbers)

    def free() -> list[dict]:
        return event.ask(200, "GET", f"/events/{event.id}/seats?available=true")

    assert {seat["status"] for seat in free()} <= {"available"}
    assert comes_true(lambda: len(free()) == event.available())


def test_a_page_of_events_is_as_long_as_asked_for(installation, event):
    (newest,) = installation.call("GET", "/events?limit=1").raise_for_status().json()
    assert newest["created_at"] >= event.ask(200, "GET", f"/events/{event.id}")["created_at"]


def test_an_unchanged_answer_is_not_sent_again(installation, event):
    path = f"/api/v1/events/{event.id}"
    tag = installation.http.get(path).headers["etag"]
    assert installation.http.get(path, headers={"If-None-Match": tag}).status_code == 304


def test_the_best_seats_are_next_to_each_other(event, buyer):
    wish = {"event_id": event.id, "best_available": {"count": 2}, "idempotency_key": "best"}
    held = event.ask(201, "POST", "/reservations", user=buyer, json=wish)
    assert (held["status"], len(held["seat_ids"])) == ("pending", 2)
    event.seats = [seat for seat in event.seats if seat not in held["seat_ids"]]
    again = event.ask(201, "POST", "/reservations", user=buyer, json=wish)
    assert again["seat_ids"] == held["seat_ids"]


def test_more_seats_than_are_left_are_refused(installation, buyer):
    with installation.event(seats=3) as small:
        wish = {"event_id": small.id, "best_available": {"count": 4}, "idempotency_key": "too-many"}
        answer = installation.call("POST", "/reservations", user=buyer, json=wish)
        assert assert_problem(answer, 409, "not_enough_seats")["left"] == 3


def test_a_hold_is_seen_by_who_listens(installation, event, buyer):
    """Through every proxy on the way: one that buffers streams would fail here."""
    address = f"/api/v1/events/{event.id}/changes"
    with installation.http.stream("GET", address, timeout=WAIT_SECONDS) as stream:
        assert stream.status_code == 200
        assert stream.headers["content-type"].startswith("text/event-stream")
        lines = stream.iter_lines()
        assert next(line for line in lines if line.startswith("event:")) == "event: hello"
        answers = []
        hold = threading.Thread(target=lambda: answers.append(event.reserve(buyer, event.take())))
        hold.start()
        versions = []
        for line in lines:
            if line.startswith("data:"):
                versions.append(json.loads(line.removeprefix("data:"))["version"])
                hold.join()
                if versions[-1] >= int(answers[0].headers["event-version"]):
                    return
        pytest.fail(f"the stream ended at versions {versions}")
