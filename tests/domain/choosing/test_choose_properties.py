"""Properties of the chooser, compared with a twin that tries everything."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.choosing.halls import CATEGORIES, SECTIONS, Hall, Twin, adjacent, distance, halls, wishes
from holdfast.domain.booking.choosing.build import built
from holdfast.domain.booking.choosing.choose import Choice, Chosen, NotTogether, TooFew, choose
from holdfast.domain.booking.choosing.free_seats import FreeSeats
from holdfast.domain.booking.choosing.wish import BestAvailable, Together
from holdfast.domain.refusal import InvalidValue

barred_channels = st.sampled_from([frozenset(), frozenset({"house"}), frozenset({"house", "partner"})])


def chosen_by(hall: Hall, wish: BestAvailable, barred):
    """Return the choice, and the seats if there are any."""
    state = hall.state()
    before = list(state.masks)
    try:
        choice = choose(state, wish, barred=barred)
    except InvalidValue:  # a section or floor that this hall does not have
        return None, []
    assert state.masks == before
    by_id = {seat.id: seat for seat in hall.seats}
    seats = [by_id[state.seating.id_at(place)] for place in choice.places] if isinstance(choice, Chosen) else []
    return choice, seats


def is_free(state: FreeSeats, seat_id) -> bool:
    place = state.seating.place_of(seat_id)
    return bool(state.masks[place.block] >> place.bit & 1)


@settings(max_examples=80)
@given(halls(), wishes, barred_channels)
def test_a_choice_is_right(hall, wish, barred):
    twin = Twin(hall, wish, barred)
    choice, seats = chosen_by(hall, wish, barred)
    if choice is None:
        return
    seats_are_free_and_fit(twin, choice, seats)
    nothing_is_refused_that_fits(twin, choice)
    neighbours_are_given_where_there_are_any(twin, choice, seats)
    accessible_seats_are_given_away_last(twin, seats)


def seats_are_free_and_fit(twin: Twin, choice: Choice, seats):
    wish = twin.wish
    if isinstance(choice, Chosen):
        assert len(seats) == len({seat.id for seat in seats}) == wish.count
        fitting = {seat.id for seat in twin.fitting}
        assert all(seat.id in fitting for seat in seats)
        assert sum(seat.accessible for seat in seats) >= wish.accessible
        assert twin.sold_with_partners(seats)
        assert not choice.together or adjacent(seats)
        assert choice.together or wish.together is not Together.REQUIRED


def nothing_is_refused_that_fits(twin: Twin, choice: Choice):
    if isinstance(choice, TooFew):
        assert choice.left == twin.left() < twin.wish.count
    if isinstance(choice, NotTogether):
        assert twin.wish.together is Together.REQUIRED
        assert twin.left() >= twin.wish.count
        assert not twin.mixed_windows()


def neighbours_are_given_where_there_are_any(twin: Twin, choice: Choice, seats):
    """Also to those who only prefer them, as long as no accessible seat is given away for it."""
    wish = twin.wish
    if wish.together is Together.ANY:
        return
    enough = not wish.accessible and bool(list(twin.windows(twin.ordinary)))
    if enough or (twin.mixed_windows() and (wish.accessible or wish.together is Together.REQUIRED)):
        assert isinstance(choice, Chosen)
        assert choice.together
    if enough:
        assert not any(seat.accessible or seat.companion_of for seat in seats)


def accessible_seats_are_given_away_last(twin: Twin, seats):
    if not twin.wish.accessible and any(seat.accessible or seat.companion_of for seat in seats):
        if twin.wish.together is Together.REQUIRED:
            assert not list(twin.windows(twin.ordinary))
        else:
            assert len(twin.ordinary) < twin.wish.count


@settings(max_examples=80)
@given(halls(special=False, areas=False), wishes, barred_channels)
def test_the_nearest_seats_are_given_that_leave_no_single_one_alone(hall, wish, barred):
    """Groups that find no neighbours are divided as little as possible."""
    twin = Twin(hall, wish, barred)
    choice, seats = chosen_by(hall, wish, barred)
    if wish.accessible or not isinstance(choice, Chosen):
        return
    if choice.together:
        every = list(twin.windows(twin.ordinary))
        clean = [window for window in every if twin.clean(window)]
        assert twin.clean(seats) == bool(clean)
        assert distance(seats) == pytest.approx(min(distance(window) for window in clean or every))
    elif wish.together is Together.PREFERRED:
        groups = twin.runs(sorted(seats, key=hall.seats.index))
        assert len(groups) <= twin.fewest_groups()
        if len(groups) == 2 and wish.count > 3 and any(len(group) == 1 for group in groups):
            sizes = sorted(len(run) for run in twin.runs(twin.ordinary))
            assert sizes[-2] == 1, "nobody has to sit alone where two groups of two or more are possible"


@settings(max_examples=25)
@given(halls(), st.lists(st.tuples(wishes, barred_channels), min_size=1, max_size=6), st.data())
def test_what_was_learnt_from_earlier_wishes_changes_nothing(hall, asked, data):
    """A state with a history gives the same seats as a new one with the same free seats."""
    state = hall.state()
    fresh = built(hall.seats, SECTIONS, CATEGORIES)
    for wish, barred in asked:
        same = FreeSeats(fresh, state.masks.copy())
        try:
            choice = choose(state, wish, barred=barred)
        except InvalidValue:
            continue
        assert choice == choose(same, wish, barred=barred)
        for place in choice.places if isinstance(choice, Chosen) else ():
            state.take(place)
        for seat in data.draw(st.lists(st.sampled_from(hall.seats), max_size=2)):
            state.change(seat.id, free=data.draw(st.booleans()))
    copy = state.copy()
    for seat in hall.seats:
        copy.change(seat.id, free=not is_free(state, seat.id))
    assert all(is_free(copy, seat.id) != is_free(state, seat.id) for seat in hall.seats)
