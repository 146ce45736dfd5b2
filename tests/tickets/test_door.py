"""At the door: each seat once, only the event that is on, also after a rotation."""

from uuid import UUID

import pytest

from holdfast.application.tickets.door import Door
from holdfast.domain.tickets.faults import BadTicket, Fault
from tickets.tickets import KEYS, SIGNATURES, a_code, a_ticket


def fault_of(door, code):
    with pytest.raises(BadTicket) as refused:
        door.check(code)
    return refused.value.fault, refused.value.ticket


def test_a_code_seen_twice_is_said_and_names_the_ticket():
    door = Door(SIGNATURES, KEYS)
    assert door.check(a_code()) == a_ticket()
    assert fault_of(door, a_code()) == (Fault.SEEN_BEFORE, a_ticket())
    assert door.check(a_code(seat_id=UUID(int=4)))
    assert door.check(a_code(event_id=UUID(int=9)))


def test_the_same_ticket_signed_with_the_next_key_is_still_the_same_ticket():
    later = SIGNATURES.new_pair()
    door = Door(SIGNATURES, {**KEYS, later.id: later.public})
    door.check(a_code())
    assert fault_of(door, a_code(later))[0] is Fault.SEEN_BEFORE


def test_a_ticket_for_another_event_is_refused_and_not_counted_as_seen():
    door = Door(SIGNATURES, KEYS, event_id=UUID(int=1))
    theirs = a_code(event_id=UUID(int=9))
    for _ in range(2):
        assert fault_of(door, theirs) == (Fault.OTHER_EVENT, a_ticket(event_id=UUID(int=9)))
    assert door.check(a_code())


def test_a_forgery_leaves_no_trace_so_that_the_right_ticket_still_lets_in():
    door = Door(SIGNATURES, KEYS)
    stranger = SIGNATURES.new_pair()
    forged = a_code()[:-2] + "AA"
    for code in (forged, a_code(stranger), "HF1-", ""):
        fault, ticket = fault_of(door, code)
        assert ticket is None, fault
    assert door.check(a_code()) == a_ticket()
