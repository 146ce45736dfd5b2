"""What a read without a lock can already decide."""

from uuid import UUID

from domain.rows import EVENT_ID, HOLD, NOON, SEATS, Rows, wish
from holdfast.domain.booking.decide import foresee
from holdfast.domain.booking.refusals import SeatsUnavailable
from holdfast.domain.booking.snapshot import Snapshot
from holdfast.domain.booking.states import CancelReason
from holdfast.domain.catalogue.refusals import EventNotFound


def look(rows, wishes, now=NOON):
    return foresee(rows.snapshot(wishes, now), wishes, now)


def test_it_tells_of_priors_and_taken_seats_and_leaves_the_free_open():
    rows = Rows()
    rows.write([wish(7, key="k")])
    prior, taken, free = look(rows, [wish(8, key="k"), wish(9, "bob"), wish(10, "cy", seats=(SEATS[1],))])
    assert prior.id == UUID(int=7)
    assert isinstance(taken, SeatsUnavailable)
    assert taken.version == rows.event.version
    assert free is None


def test_wishes_do_not_see_each_other():
    assert look(Rows(), [wish(8), wish(9, "bob")]) == [None, None]


def test_a_hold_that_ran_out_does_not_count_and_the_version_is_that_of_the_read():
    rows = Rows()
    rows.write([wish(7, key="k"), wish(9, seats=(SEATS[1],))], NOON)
    prior, free = look(rows, [wish(8, key="k"), wish(10, "bob", seats=(SEATS[1],))], NOON + HOLD)
    assert prior.cancel_reason is CancelReason.EXPIRED
    assert free is None
    rows.write([wish(11, seats=(SEATS[2],))], NOON + HOLD)
    (taken,) = look(rows, [wish(12, seats=(SEATS[2],))], NOON + HOLD)
    assert taken.version == rows.event.version


def test_without_an_event_every_wish_is_refused():
    (told,) = foresee(Snapshot(EVENT_ID, None, {}, {}, {}), [wish(7)], NOON)
    assert isinstance(told, EventNotFound)
