"""Choices whose right answer can be seen at a glance."""

from math import cos, pi, sin
from uuid import UUID

import pytest

from holdfast.domain.booking.choosing.build import built
from holdfast.domain.booking.choosing.chart_seat import ChartSeat
from holdfast.domain.booking.choosing.choose import Chosen, NotTogether, TooFew, choose
from holdfast.domain.booking.choosing.free_seats import FreeSeats
from holdfast.domain.booking.choosing.seating import Category, Section
from holdfast.domain.booking.choosing.wish import BestAvailable, Together
from holdfast.domain.refusal import InvalidValue

EVENT_ID = UUID(int=1)


def drawn(*rows: str) -> FreeSeats:
    """Build a hall from its picture, the stage in the middle above it.

    `o` is a free seat, `x` a taken one, `A` an accessible seat, `c` a companion seat of the accessible seat beside it,
    and a blank is no seat.
    """
    seats, taken = [], []
    for y, row in enumerate(rows):
        for x, sign in enumerate(row):
            if sign != " ":
                seat_id = UUID(int=100 * y + x + 1)
                partner = UUID(int=seat_id.int + (1 if row[x + 1 : x + 2] == "A" else -1)) if sign == "c" else None
                seats.append(
                    ChartSeat(
                        seat_id, "stalls", str(y), float(x), y + 1.0, 100, accessible=sign == "A", companion_of=partner
                    )
                )
                taken += [seat_id] if sign == "x" else []
    free = FreeSeats.all_of(built(seats, [Section("stalls", None, ((len(rows[0]) - 1) / 2, 0.0))]))
    for seat_id in taken:
        free.change(seat_id, free=False)
    return free


def picture(free: FreeSeats, count: int, **wish) -> list[tuple[int, int]]:
    """Return the chosen seats as (row, place in the picture)."""
    choice = choose(free, BestAvailable.wish(count=count, **wish))
    assert isinstance(choice, Chosen), choice
    return sorted(divmod(free.seating.id_at(place).int - 1, 100) for place in choice.places)


def test_the_middle_of_the_first_row_is_the_best():
    assert picture(drawn("oooooooooo", "oooooooooo"), 2) == [(0, 4), (0, 5)]


def test_a_missing_seat_parts_neighbours():
    assert picture(drawn("oo o", "oooo"), 3, together=Together.REQUIRED) == [(1, 0), (1, 1), (1, 2)]
    assert choose(drawn("oo oo"), BestAvailable.wish(count=3, together=Together.REQUIRED)) == NotTogether()


def test_no_single_seat_is_left_alone_where_another_place_will_do():
    assert picture(drawn("xooox", "xoxoo"), 2) == [(1, 3), (1, 4)]
    assert picture(drawn("xooox"), 2) == [(0, 1), (0, 2)], "but no sale is refused for it"


def test_a_single_buyer_gets_the_seat_that_was_left_alone():
    assert picture(drawn("ooxoxoo"), 1) == [(0, 3)]


def test_groups_that_fit_nowhere_are_divided_into_few_groups_close_together():
    assert picture(drawn("ooxxoo", "oxxxxo", "ooxxoo"), 4) == [(0, 0), (0, 1), (0, 4), (0, 5)]
    assert picture(drawn("oooxoo"), 4) == [(0, 1), (0, 2), (0, 4), (0, 5)], "nobody has to sit alone"


def test_a_seat_that_is_given_back_can_be_found_again():
    hall = drawn("xxxxxxxxxxxxxxxx", "xxxxxxxxxxxxxxxx")
    assert choose(hall, BestAvailable.wish(count=1)) == TooFew(0)
    hall.change(UUID(int=3), free=True)
    assert picture(hall, 1) == [(0, 2)]


def test_accessible_seats_are_given_to_others_only_when_nothing_else_is_left():
    assert picture(drawn("ooAoo"), 2) == [(0, 0), (0, 1)]
    assert picture(drawn("oxAxo"), 2) == [(0, 0), (0, 4)]
    assert picture(drawn("oxAxo"), 3) == [(0, 0), (0, 2), (0, 4)]


def test_accessible_seats_come_with_their_companion_seats():
    hall = drawn("oooooo", "Acooo")
    assert picture(hall, 2, accessible=1) == [(1, 0), (1, 1)]
    assert picture(hall, 1, accessible=1) == [(1, 0)]
    assert choose(hall, BestAvailable.wish(count=2, accessible=2)) == TooFew(1)


def test_a_companion_seat_is_not_given_without_its_accessible_seat():
    hall = drawn("Ac")
    hall.change(UUID(int=1), free=False)
    assert choose(hall, BestAvailable.wish(count=1)) == TooFew(0)
    assert picture(drawn("xxxocA"), 2, together=Together.REQUIRED) == [(0, 4), (0, 5)]


def test_of_an_area_the_lowest_free_places_are_given():
    places = [ChartSeat(UUID(int=number + 1), "pit", None, price=100, area=True) for number in range(5_000)]
    free = FreeSeats.all_of(built(places))
    for number in (1, 2, 5):
        free.change(UUID(int=number), free=False)
    wish = BestAvailable.wish(count=3, together=Together.REQUIRED)
    choice = choose(free, wish)
    assert isinstance(choice, Chosen)
    assert [free.seating.id_at(place).int for place in choice.places] == [3, 4, 6]


def test_seats_without_coordinates_are_neighbours_by_their_order_in_the_chart():
    seats = [ChartSeat(UUID(int=number + 1), "stalls", "AB"[number // 5], price=100) for number in range(10)]
    free = FreeSeats.all_of(built(seats))
    assert picture(free, 3, together=Together.REQUIRED) == [(0, 0), (0, 1), (0, 2)]
    assert choose(free, BestAvailable.wish(count=6, together=Together.REQUIRED)) == NotTogether()
    assert picture(FreeSeats.all_of(built([seat._replace(row=None) for seat in seats])), 2) == [(0, 0), (0, 1)]


def test_a_curved_row_listed_odd_numbers_first_is_put_in_order():
    order = [*range(0, 20, 2), *range(1, 20, 2)]
    seats = [
        ChartSeat(UUID(int=n + 1), "s", "A", 100 * cos(pi * (0.2 + n / 33)), -100 * sin(pi * (0.2 + n / 33)), 100)
        for n in order
    ]
    free = FreeSeats.all_of(built(seats, [Section("s", None, (0.0, 0.0))]))
    chosen = [place for _, place in picture(free, 4)]
    assert chosen == list(range(chosen[0], chosen[0] + 4))


def test_a_seat_costs_its_own_price_or_that_of_its_category():
    seats = [ChartSeat(UUID(int=1), "s", "A", price=70, category=1), ChartSeat(UUID(int=2), "s", "A", category=1)]
    seating = built(seats, categories={1: Category("std", 50)})
    assert [seating.price_at(seating.place_of(seat.id)) for seat in seats] == [70, 50]


@pytest.mark.parametrize("part", ["category", "section", "floor"])
def test_a_wish_for_a_part_that_the_hall_does_not_have_names_it(part):
    with pytest.raises(InvalidValue, match=f"best_available.{part}"):
        choose(drawn("oo"), BestAvailable.wish(count=1, **{part: "nowhere"}))


@pytest.mark.parametrize("bad", [{"count": 0}, {"count": 21}, {"count": 2, "accessible": 3}])
def test_a_wish_has_limits(bad):
    with pytest.raises(InvalidValue, match="best_available"):
        BestAvailable.wish(**bad)


def test_a_fingerprint_tells_wishes_apart():
    wishes = [
        BestAvailable.wish(count=2),
        BestAvailable.wish(count=3),
        BestAvailable.wish(count=2, accessible=1),
        BestAvailable.wish(count=2, together=Together.ANY),
        BestAvailable.wish(count=2, category="a"),
        BestAvailable.wish(count=2, section="a"),
        BestAvailable.wish(count=2, floor="a"),
        BestAvailable.wish(count=2, category="a", section="b"),
        BestAvailable.wish(count=2, category="a 1:b"),
    ]
    assert len({wish.fingerprint(EVENT_ID) for wish in wishes}) == len(wishes)
    assert wishes[0].fingerprint(EVENT_ID) != wishes[0].fingerprint(UUID(int=2))
    assert wishes[0].fingerprint(EVENT_ID) == BestAvailable.wish(count=2, together=Together.PREFERRED).fingerprint(
        EVENT_ID
    )
