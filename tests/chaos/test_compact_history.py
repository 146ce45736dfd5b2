"""A history in columns has the same contents as the list of its operations."""

import chaos.histories.history
import pytest
from chaos.histories.compact_history import CompactHistory
from chaos.histories.history import FOREVER, Recorder, in_order_of_return, read_history
from chaos.histories.settlement import settle
from chaos.simulation.clients import Scenario, simulate

RUN = simulate(Scenario(seed=7, operations=2_500, lost_answers=0.05))


def test_its_operations_are_those_that_it_was_made_of():
    history = CompactHistory.of(iter(RUN.operations))
    assert list(history) == RUN.operations
    assert [history[place] for place in (0, 1_200, -1)] == [RUN.operations[place] for place in (0, 1_200, -1)]
    assert history[490:510] == RUN.operations[490:510]
    assert len(history) == len(RUN.operations)


def test_a_compact_history_is_taken_as_it_is():
    history = CompactHistory.of(RUN.operations)
    assert CompactHistory.of(history) is history


def test_a_place_that_it_does_not_have_is_refused():
    with pytest.raises(IndexError):
        CompactHistory.of(RUN.operations)[len(RUN.operations)]


def test_it_is_sorted_as_a_list_is():
    backwards = RUN.operations[::-1]
    assert list(CompactHistory.of(backwards).in_order_of_return()) == in_order_of_return(backwards)


def test_it_is_settled_as_a_list_is():
    history = CompactHistory.of(RUN.operations)
    assert list(settle(history, RUN.rows.reservations)) == settle(RUN.operations, RUN.rows.reservations)
    assert list(history) == RUN.operations


def test_an_empty_history_is_one_too():
    history = CompactHistory.of([])
    assert list(settle(history.in_order_of_return(), [])) == []


@pytest.mark.parametrize("block_bytes", [1, 300, 1 << 20])
def test_a_file_is_read_in_blocks_of_any_size(tmp_path, monkeypatch, block_bytes):
    path = tmp_path / "h"
    for user in ("ann", "bob", "cid"):
        with Recorder(path) as recorder:
            open_call = recorder.call(1, "confirm", "e", reservation="r", user=user)
            for _ in range(3):
                number = recorder.call(2, "read_list", "e", user=user)
                recorder.complete(number, "ok", "seen", version=1, taken={"a": f"held {user}"})
            recorder.complete(open_call, "info", "reset")
            recorder.call(1, "cancel", "e", reservation="r", user=user)
        with path.open("ab") as file:
            file.write(b'["return",7')
    monkeypatch.setattr(chaos.histories.history, "_BLOCK_BYTES", block_bytes)
    history = list(read_history(path))
    assert [operation.user for operation in history[:9]] == ["ann"] * 3 + ["bob"] * 3 + ["cid"] * 3
    assert [operation.taken for operation in history[2:5]] == [{"a": "held ann"}, {"a": "held bob"}, {"a": "held bob"}]
    assert sorted((operation.user, operation.kind) for operation in history[9:]) == [
        (user, kind) for user in ("ann", "bob", "cid") for kind in ("cancel", "confirm")
    ]
    assert {operation.returned_ns for operation in history[9:]} == {FOREVER}


@pytest.mark.parametrize("block_bytes", [1, 300, 1 << 20])
def test_a_torn_line_that_no_head_follows_is_named_in_blocks_of_any_size(tmp_path, monkeypatch, block_bytes):
    path = tmp_path / "h"
    with Recorder(path) as recorder:
        for _ in range(10):
            recorder.complete(recorder.call(1, "read_count", "e"), "ok", "seen", version=1, count=5)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:9], b'["call",1\n', *lines[9:]]))
    monkeypatch.setattr(chaos.histories.history, "_BLOCK_BYTES", block_bytes)
    with pytest.raises(ValueError, match=r"h:10: no line of a history"):
        read_history(path)
