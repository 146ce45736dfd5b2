"""Recording, reading back, and settling operations without an answer."""

import pytest
from chaos.histories.database_rows import DatabaseRows
from chaos.histories.history import FOREVER, Operation, Recorder, claim_from, read_history, wall_offset_ns
from chaos.histories.settlement import settle
from chaos.simulation.clients import Scenario, simulate


def record_one(path, user="ann"):
    with Recorder(path) as recorder:
        number = recorder.call(3, "reserve", "e", seats=("a", "b"), user=user, key="k", node="n1")
        recorder.complete(number, "ok", "created", version=4, reservation="r", status="pending", expires_at_us=9)


def test_what_is_recorded_is_read_back(tmp_path):
    record_one(tmp_path / "h")
    (operation,) = read_history(tmp_path / "h")
    assert operation.called_ns < operation.returned_ns < FOREVER
    assert operation == Operation(
        process=3,
        kind="reserve",
        event="e",
        called_ns=operation.called_ns,
        returned_ns=operation.returned_ns,
        outcome="ok",
        answer="created",
        version=4,
        seats=("a", "b"),
        user="ann",
        key="k",
        reservation="r",
        status="pending",
        expires_at_us=9,
        node="n1",
    )


def test_a_call_without_an_answer_is_info_and_comes_last(tmp_path):
    with Recorder(tmp_path / "h") as recorder:
        recorder.call(1, "cancel", "e", reservation="r")
        recorder.complete(recorder.call(2, "read_count", "e"), "ok", "seen", version=1, count=5)
        recorder.complete(recorder.call(3, "confirm", "e", reservation="r"), "info", "reset")
    answered, *lost = read_history(tmp_path / "h")
    assert answered.count == 5
    assert {(operation.kind, operation.outcome, operation.returned_ns) for operation in lost} == {
        ("cancel", "info", FOREVER),
        ("confirm", "info", FOREVER),
    }


def test_a_file_is_continued_after_a_torn_line(tmp_path):
    path = tmp_path / "h"
    record_one(path)
    with path.open("ab") as file:
        file.write(b'["call",1,3,123,"res')
    assert len(list(read_history(path))) == 1
    record_one(path, user="bob")
    assert [operation.user for operation in read_history(path)] == ["ann", "bob"]


def test_a_wrong_line_inside_is_named(tmp_path):
    path = tmp_path / "h"
    record_one(path)
    first, *rest = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([first, b"what?\n", *rest]))
    with pytest.raises(ValueError, match=r"h:2: no line of a history"):
        list(read_history(path))


def test_an_answer_without_its_call_is_named(tmp_path):
    with Recorder(tmp_path / "h") as recorder:
        recorder.complete(7, "ok", "seen")
    with pytest.raises(ValueError, match="call 7"):
        list(read_history(tmp_path / "h"))


def test_files_of_several_clients_are_read_in_the_order_of_returns(tmp_path):
    with Recorder(tmp_path / "one") as one, Recorder(tmp_path / "two") as two:
        for number in range(6):
            recorder = (one, two)[number % 2]
            recorder.complete(recorder.call(number, "read_count", "e"), "ok", "seen", version=number)
    assert [operation.version for operation in read_history(tmp_path / "one", tmp_path / "two")] == list(range(6))


def test_the_first_line_ties_the_two_clocks(tmp_path):
    record_one(tmp_path / "h")
    (operation,) = read_history(tmp_path / "h")
    seconds = (operation.called_ns + wall_offset_ns(tmp_path / "h")) / 1e9
    assert abs(seconds - (tmp_path / "h").stat().st_mtime) < 60


def test_a_seat_of_an_answer_becomes_a_state():
    assert claim_from("available", None) == ""
    assert claim_from("reserved", "r") == "held r"
    assert claim_from("confirmed", "r") == "sold r"


def test_rows_are_saved_and_loaded(tmp_path):
    rows = simulate(Scenario(seed=1, operations=100)).rows
    rows.save(tmp_path / "rows")
    assert DatabaseRows.load(tmp_path / "rows") == rows


def test_what_is_not_stored_had_no_effect(story):
    story.answered("reserve", "reset", seats=("a",), key="k", at=(0, FOREVER))
    story.answered("confirm", "unknown", reservation="r", at=(0, FOREVER))
    story.answered("read_count", "reset", at=(0, FOREVER))
    assert [(o.outcome, o.answer) for o in settle(story.operations, [])] == [("fail", "none")] * 3


def test_the_first_unanswered_call_of_a_key_had_its_effect(story):
    version = story.held("r1", "a")
    story.answered("reserve", "reset", seats=("a",), key="key of r1", at=(20, FOREVER))
    story.answered("reserve", "reset", seats=("a",), key="key of r1", at=(10, FOREVER))
    later, first = settle(story.operations, story.rows.values())
    assert (first.answer, first.reservation, first.version) == ("created", "r1", version)
    assert (later.outcome, later.answer) == ("ok", "settled")


def test_an_unanswered_retry_of_what_was_answered_changed_nothing(story):
    story.hold("r1", "a")
    story.answered("reserve", "reset", seats=("a",), key="key of r1", at=(10, FOREVER))
    assert settle(story.operations, story.rows.values())[1].answer == "settled"


def test_an_unanswered_call_with_a_used_key_for_other_seats_was_refused(story):
    story.hold("r1", "a")
    story.answered("reserve", "reset", seats=("b",), key="key of r1", at=(10, FOREVER))
    assert settle(story.operations, story.rows.values())[1].outcome == "fail"


def test_unanswered_confirmations_are_settled_by_the_reservation(story):
    story.hold("r1", "a")
    story.ended("r1", "confirmed")
    story.answered("confirm", "reset", reservation="r1", at=(10, FOREVER))
    story.answered("cancel", "reset", reservation="r1", at=(10, FOREVER))
    assert [o.outcome for o in settle(story.operations, story.rows.values())[1:]] == ["ok", "fail"]
    assert story.rules_broken() == set()
