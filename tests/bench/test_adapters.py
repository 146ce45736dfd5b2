import json
from contextlib import ExitStack, closing

import pytest

from bench.stand_in import OtherServer
from holdfast.bench.clients.caller import Caller
from holdfast.bench.clients.driver import BROKEN, body_of, drive
from holdfast.bench.failure import LoadError
from holdfast.bench.report.results import Result
from holdfast.bench.server import Server, check_stored


@pytest.fixture
def learnt():
    """Make the adapter of a stand-in."""
    with ExitStack() as stack:

        def learnt(other: OtherServer) -> Server:
            server = stack.enter_context(closing(Server(other.url, "other")))
            server.learn()
            return server

        yield learnt


def test_seats_are_made_in_calls_that_the_server_takes(learnt):
    with OtherServer(bulk_seats_max=1_000) as other:
        event = learnt(other).make_event(2_500)
        assert other.bulk_sizes[-3:] == [1_000, 1_000, 500]
    assert len(set(event.seat_ids)) == 2_500


@pytest.mark.parametrize("forms", ["A", "B"])
def test_either_form_of_bulk_will_do(learnt, forms):
    with OtherServer(forms=forms) as other:
        assert len(learnt(other).make_event(1_200).seat_ids) == 1_200


def test_a_server_without_bulk_is_told_apart_in_one_line(learnt):
    with OtherServer(forms="") as other, pytest.raises(LoadError, match=r"^POST seats/bulk was answered with 400: "):
        learnt(other)


@pytest.mark.parametrize("conflict_status", [400, 409])
def test_conflicts_are_known_by_the_status_that_the_server_uses(learnt, conflict_status):
    with OtherServer(conflict_status=conflict_status) as other:
        server = learnt(other)
        event = server.make_event(1)
        load = server.reserve(event, [event.seat_ids] * 20, connections=5)
    assert (load.statuses[201], server.conflicts(load)) == (1, 19)


def test_a_server_that_answers_conflicts_otherwise_does_not_speak_the_contract(learnt):
    with OtherServer(conflict_status=500) as other, pytest.raises(LoadError, match="a taken seat is a conflict"):
        learnt(other)


def test_chunked_answers_are_read_to_their_end(learnt):
    with OtherServer(chunked=True) as other:
        server = learnt(other)
        event = server.make_event(30)
        answers = []
        request = server.get_request(f"/events/{event.id}/seats")
        load = drive(
            server.caller.address, [request] * 6, connections=2, on_answer=lambda _n, _s, answer: answers.append(answer)
        )
    assert load.statuses == {200: 6}
    assert all(len(json.loads(body_of(answer))) == 30 for answer in answers)


def test_a_server_that_acknowledges_what_it_does_not_store_is_found_out(learnt):
    with OtherServer() as other:
        server = learnt(other)
        other.stores = False
        event = server.make_event(10)
        load = server.reserve(event, [[seat] for seat in event.seat_ids], connections=2)
        result = Result()
        check_stored(server, [event], load.statuses[201], result, "load")
    assert [check.holds for check in result.checks] == [False, False]
    assert result.checks[0].detail == "10 acknowledged, 0 taken"


def test_a_server_that_sells_a_seat_twice_is_found_out(learnt):
    with OtherServer() as other:
        server = learnt(other)
        event = server.make_event(10)
        result = Result()
        server.reserve(event, [[event.seat_ids[0]]], connections=1)
        check_stored(server, [event], 2, result, "load")
    assert not any(check.holds for check in result.checks[:2])


def test_a_broken_connection_is_counted_and_the_load_goes_on(learnt):
    with OtherServer() as other:
        server = learnt(other)
        nonsense = b"POST /api/v1/reservations HTTP/1.1\r\nContent-Length: 1\r\n\r\n{"
        good = server.get_request(f"/events/{next(iter(other.events))}/seats/available/count")
        load = drive(server.caller.address, [good, nonsense, good, good], connections=2)
    assert load.statuses == {200: 3, BROKEN: 1}
    assert load.answers == 3


def test_a_paced_load_takes_its_time_and_asks_for_no_more(learnt):
    with OtherServer() as other:
        server = learnt(other)
        good = server.get_request(f"/events/{next(iter(other.events))}/seats/available/count")
        load = drive(server.caller.address, [good] * 30, connections=4, per_second=100)
    assert load.statuses == {200: 30}
    assert load.seconds >= 0.29


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("https://example.org", "must be like http://"),
        ("localhost:8080", "must be like http://"),
        ("http://h:port", "cannot be read"),
    ],
)
def test_a_url_that_cannot_be_used_is_named(url, message):
    with pytest.raises(LoadError, match=message):
        Caller(url)


def test_a_server_that_is_not_there_is_one_line():
    with pytest.raises(LoadError, match=r"127\.0\.0\.1:1 cannot be reached"):
        Server("http://127.0.0.1:1", "nobody").learn()
