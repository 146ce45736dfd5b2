"""Values stand in statements by name; the loader numbers them, and refuses at start what does not fit."""

import re
from dataclasses import dataclass
from typing import TypedDict

import pytest

from holdfast.infrastructure.postgres.driver import queries
from holdfast.infrastructure.postgres.driver.named_parameters import numbered
from holdfast.infrastructure.postgres.driver.queries import Query, bound


@pytest.mark.parametrize(
    ("named", "expected", "names"),
    [
        ("SELECT :b, :a, :b", "SELECT $1, $2, $1", ("b", "a")),
        ("SELECT :seat_ids::uuid[]", "SELECT $1::uuid[]", ("seat_ids",)),
        ("SELECT (:seat_ids::uuid[])[n.first : n.last]", "SELECT ($1::uuid[])[n.first : n.last]", ("seat_ids",)),
        ("SELECT x[:first : :last]", "SELECT x[$1 : $2]", ("first", "last")),
        ("SELECT 'a :b' || ':c''s' || :d", "SELECT 'a :b' || ':c''s' || $1", ("d",)),
        (r"SELECT E'it\':s' || :d", r"SELECT E'it\':s' || $1", ("d",)),
        ("""SELECT ":odd" AS "a:b", :d""", """SELECT ":odd" AS "a:b", $1""", ("d",)),
        ("-- the wish's :key\nSELECT :d /* 'the :key */", "-- the wish's :key\nSELECT $1 /* 'the :key */", ("d",)),
        ("SELECT $$a :b$$, $x$ :c $$ $x$, :d", "SELECT $$a :b$$, $x$ :c $$ $x$, $1", ("d",)),
        ("SELECT f(a := :d)", "SELECT f(a := $1)", ("d",)),
        ("SELECT 1", "SELECT 1", ()),
    ],
)
def test_names_are_numbered_where_they_are_names(named, expected, names):
    assert numbered(named) == (expected, names)


@pytest.mark.parametrize(
    ("odd", "shown"),
    [
        ("SELECT $1", "'$1' after 'SELECT '"),
        ("SELECT s[a:b]", "':b]'"),
        ("SELECT s[1:b]", "':b]'"),
        ("SELECT f(x):b", "':b'"),
        ("SELECT :Seat", "':Seat'"),
        ("SELECT :2nd", "':2nd'"),
        ("SELECT :seatId", "':seatId'"),
        ('SELECT :"seat"', "':\"seat\"'"),
        ("SELECT 'open, :a", '"\'"'),
        ('SELECT "open, :a', "'\"'"),
        ("SELECT /* open, :a", "'/*'"),
        ("SELECT /* a /* nested */ :b */", "'/*'"),
        ("SELECT $$open, :a", "'$'"),
        ("SELECT x:", "':'"),
    ],
)
def test_what_could_be_misread_is_refused(odd, shown):
    with pytest.raises(ValueError, match=re.escape(shown)):
        numbered(odd)


class OfEvent(TypedDict):
    event_id: int


class OfSeat(OfEvent):
    seat_id: int


QUERIES = {
    "find": Query("few", "find", "Find.", *numbered("SELECT :seat_id, :event_id")),
    "clock": Query("few", "clock", "Ask.", *numbered("SELECT 1")),
}


@dataclass(frozen=True, slots=True)
class Few:
    find: Query[OfSeat]
    clock: Query[queries.Nothing]


@dataclass(frozen=True)
class Fewer:
    find: Query[OfEvent]


@dataclass(frozen=True)
class More:
    find: Query[OfSeat]
    clock: Query[OfEvent]
    keep: Query[OfEvent]


def test_values_are_put_in_the_order_of_the_numbers():
    few = bound(Few, QUERIES)
    assert few.find.arguments({"event_id": 1, "seat_id": 2}) == (2, 1)
    assert few.clock.arguments({}) == ()
    assert Query("few", "one", "One.", *numbered("SELECT :event_id")).arguments({"event_id": 1}) == (1,)


def test_a_statement_shows_its_name_and_never_its_values():
    assert str(bound(Few, QUERIES).find({"event_id": 1, "seat_id": 2})) == "find"


def test_names_without_a_value_and_values_without_a_name_are_refused():
    with pytest.raises(ValueError, match=r"^few\.sql: clock: Fewer has no field for it; ") as refused:
        bound(Fewer, QUERIES)
    assert "few.sql: find: :seat_id has no value in OfEvent" in str(refused.value)
    with pytest.raises(ValueError, match=r"^More\.keep has no statement; ") as refused:
        bound(More, QUERIES)
    assert "few.sql: clock: OfEvent.event_id has no name" in str(refused.value)
