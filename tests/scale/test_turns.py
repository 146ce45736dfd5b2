"""Whose turn it is to take a connection, from the table that the processes of a node share."""

import tempfile

import pytest

from holdfast.http import turns
from holdfast.http.turns import CONNECTIONS_BEFORE_NEXT as FILLED
from holdfast.http.turns import LEAD_CONNECTIONS_MAX, LOOK_SECONDS, PATIENCE_SECONDS, Turns


class _Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def table():
    with tempfile.TemporaryFile() as file:
        file.truncate(turns.table_bytes(3))
        yield file.fileno()


@pytest.fixture
def clock():
    return _Clock()


@pytest.fixture
def three(table, clock):
    given = [Turns(table, place, clock=clock) for place in range(3)]
    for process in given:
        process.begin(1_000)
    return given


def _have(three, *connections: int) -> None:
    for process, count in zip(three, connections, strict=True):
        process.has(count)


def _mine(three) -> list[bool]:
    return [process.is_mine() for process in three]


def _wait(process: Turns, clock: _Clock, seconds: float) -> bool:
    """Check repeatedly, as an acceptor does while a connection is waiting; returns whether it became its turn."""
    end = clock.now + seconds
    while clock.now < end:
        if process.is_mine():
            return True
        clock.now += LOOK_SECONDS
    return False


@pytest.mark.parametrize(
    ("connections", "mine"),
    [
        ((0, 0, 0), [True, False, False]),
        ((FILLED - 1, 0, 0), [True, False, False]),
        ((FILLED, 0, 0), [False, True, False]),
        ((FILLED - 1, FILLED, FILLED), [True, False, False]),
        ((FILLED, FILLED, 0), [False, False, True]),
        ((FILLED, FILLED, FILLED), [True, True, True]),
        ((FILLED + LEAD_CONNECTIONS_MAX, FILLED, FILLED + LEAD_CONNECTIONS_MAX + 1), [True, True, False]),
        ((FILLED + LEAD_CONNECTIONS_MAX + 1, FILLED, 500), [False, True, False]),
        ((1_000, 999, 999), [False, True, True]),
        ((1_000, 1_000, 1_000), [True, True, True]),
    ],
)
def test_processes_are_filled_one_after_the_other_and_then_alike(three, connections, mine):
    _have(three, *connections)
    assert _mine(three) == mine


def test_a_process_that_may_have_few_connections_is_filled_with_those(table, clock):
    first, second = (Turns(table, place, clock=clock) for place in range(2))
    first.begin(20)
    second.begin(20)
    first.has(19)
    assert (first.is_mine(), second.is_mine()) == (True, False)
    first.has(20)
    assert (first.is_mine(), second.is_mine()) == (False, True), "the first would refuse it"


def test_processes_in_use_are_those_with_connections(three, table):
    assert three[0].processes_in_use() == 0
    _have(three, 3, 0, 1)
    assert {process.processes_in_use() for process in three} == {2}
    turns.leave(table, 0)
    assert three[1].processes_in_use() == 1


def test_who_ends_takes_only_what_nobody_else_takes(three):
    three[0].end_soon()
    assert _mine(three) == [False, True, False]
    three[1].end_soon()
    assert _mine(three) == [False, False, True]
    three[2].end_soon()
    assert _mine(three) == [True, False, False], "proxies still send while all of them end"
    three[0].end()
    assert three[1].is_mine()


def test_who_has_died_is_passed_over_as_soon_as_the_parent_says_so(three, table):
    assert _mine(three) == [True, False, False]
    turns.leave(table, 0)
    assert three[1].is_mine()


def test_who_takes_nothing_while_connections_wait_is_passed_over_until_it_takes_one(three, clock):
    first, second, third = three
    assert not _wait(second, clock, PATIENCE_SECONDS * 0.9)
    assert _wait(second, clock, PATIENCE_SECONDS * 0.5)
    assert second.is_mine(), "the next one does not wait again"
    first.took()
    assert not second.is_mine()
    assert not _wait(third, clock, PATIENCE_SECONDS * 1.5), "first it waits for the first, then for the second"
    second.took()
    assert not _wait(third, clock, PATIENCE_SECONDS * 0.9)
    assert _wait(third, clock, PATIENCE_SECONDS * 0.5)


def test_who_takes_connections_is_waited_for(three, clock):
    first, second, _ = three
    for _ in range(10):
        assert not _wait(second, clock, PATIENCE_SECONDS / 2)
        first.took()


def test_waiting_counts_only_while_something_waits(three, clock):
    _, second, _ = three
    for _ in range(10):
        assert not second.is_mine()
        clock.now += PATIENCE_SECONDS * 3  # meanwhile another took it
