"""The text of a ticket: it says what was signed, and nothing that differs from it in anything is a ticket."""

import base64
import re

import pytest
import segno
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.application.tickets.door import Door
from holdfast.domain.tickets.code import CODE_MAX, CODE_MIN, HEAD, code_of, read_code
from holdfast.domain.tickets.faults import BadTicket, Fault, UnreadableCode
from holdfast.domain.tickets.signed import SignedTicket, ticket_of
from tickets.tickets import KEYS, PAIR, SIGNATURES, a_code, a_ticket, signed, tickets

CODE = a_code()


def verdict(code: str, keys=KEYS):
    """What the door says about a code that it sees for the first time: the ticket, or the fault."""
    try:
        return Door(SIGNATURES, keys).check(code)
    except BadTicket as bad:
        fault = bad.fault
    return fault


def with_payload(payload: bytes) -> str:
    return HEAD + base64.b32encode(payload).decode().rstrip("=")


@given(tickets)
@settings(max_examples=150)
def test_a_code_says_what_was_signed(ticket):
    code = code_of(signed(ticket))
    assert verdict(code) == ticket
    assert CODE_MIN <= len(code) <= CODE_MAX
    assert re.fullmatch(r"HF1-[A-Z2-7]+", code)


@given(st.text(max_size=50) | st.text(max_size=50).map(HEAD.__add__) | st.binary(max_size=330).map(with_payload))
@settings(max_examples=200)
def test_any_text_is_read_or_refused_with_a_reason(text):
    try:
        read = read_code(text)
    except UnreadableCode:
        return
    assert code_of(read) == text


@given(tickets, st.data())
@settings(max_examples=150)
def test_no_other_text_is_the_same_ticket(ticket, data):
    """Characters replaced, left out, doubled and swapped: what is no longer the code is no ticket."""
    code = code_of(signed(ticket))
    place = data.draw(st.integers(0, len(code) - 1))
    other = data.draw(st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567 018-=a\0é"))
    changed = data.draw(
        st.sampled_from(
            [
                code[:place] + other + code[place + 1 :],
                code[:place] + other + code[place:],
                code[:place] + code[place + 1 :],
                code[:place],
                code[place:] + code[:place],
            ]
        )
    )
    if changed != code:
        assert isinstance(verdict(changed), Fault)


def test_every_bit_counts():
    """Each single bit of what a code carries is flipped: of the version, key, ids, seat number and signature."""
    payload = read_code(CODE).payload
    said = {}
    for bit in range(8 * len(payload)):
        forged = bytearray(payload)
        forged[bit // 8] ^= 1 << bit % 8
        said[bit] = verdict(with_payload(bytes(forged)))
    assert all(isinstance(one, Fault) for one in said.values())
    assert {said[bit] for bit in range(8)} == {Fault.OTHER_VERSION}
    assert {said[bit] for bit in range(8, 72)} == {Fault.UNKNOWN_KEY}
    assert {said[bit] for bit in range(72, 8 * len(payload))} == {Fault.FORGED, Fault.SEAT_NUMBER}


def test_the_bits_that_stand_for_nothing_count_too():
    """The last character of the text has more bits than are left to carry."""
    assert len(a_code(seat_number="A-1")) != len(a_code(seat_number="A-12"))
    for number in ("A", "A-", "A-1", "A-12", "A-123"):
        code = a_code(seat_number=number)
        said = {last: verdict(code[:-1] + last) for last in "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567" if last != code[-1]}
        assert set(map(type, said.values())) == {Fault}, number


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("", Fault.EMPTY),
        ("HF", Fault.TOO_SHORT),
        (HEAD, Fault.TOO_SHORT),
        (CODE[:150], Fault.TOO_SHORT),
        (CODE[: CODE_MIN - 1], Fault.TOO_SHORT),
        (CODE + "A" * CODE_MAX, Fault.TOO_LONG),
        (HEAD + "A" * 10_000_000, Fault.TOO_LONG),
        (CODE + "=" * (-len(CODE[4:]) % 8 or 8), Fault.CHARACTER),
        (CODE + "\n", Fault.CHARACTER),
        (" " + CODE, Fault.NO_TICKET),
        (CODE.replace("-", ""), Fault.NO_TICKET),
        (CODE.lower(), Fault.LOWER_CASE),
        (HEAD + CODE[4:].lower(), Fault.LOWER_CASE),
        (HEAD + CODE, Fault.TWICE),
        (CODE + CODE, Fault.TWICE),
        ("HF2-" + CODE[4:], Fault.OTHER_VERSION),
        ("HF10-" + CODE[4:], Fault.OTHER_VERSION),
        (with_payload(b"\x02" + read_code(CODE).payload[1:]), Fault.OTHER_VERSION),
        (CODE[:20] + "0" + CODE[21:], Fault.CHARACTER),
        (CODE[:20] + "ä" + CODE[21:], Fault.CHARACTER),
        (CODE[:20] + "\u0661" + CODE[21:], Fault.CHARACTER),
        ("https://tickets.example/" + CODE, Fault.NO_TICKET),
        ("hc1:6BF", Fault.NO_TICKET),
    ],
)
def test_a_code_that_is_none_is_refused_with_what_is_wrong(code, fault):
    assert verdict(code) is fault


@pytest.mark.parametrize("number", [b"\xff", b"\xed\xa0\x80", b"A" * 51])
def test_a_seat_number_that_no_chart_can_have_is_refused_although_it_is_signed(number):
    body = read_code(CODE).payload[:57] + number
    signature = SIGNATURES.signer(PAIR.private)(b"holdfast ticket\x00" + body)
    assert verdict(with_payload(body + signature)) is Fault.SEAT_NUMBER


def test_only_the_key_that_it_names_verifies_a_ticket():
    other = SIGNATURES.new_pair()
    assert verdict(a_code(other)) is Fault.UNKNOWN_KEY
    assert verdict(a_code(other), {**KEYS, other.id: other.public}) == a_ticket()
    theirs = signed(a_ticket(), other)
    renamed = SignedTicket(ticket=theirs.ticket, key_id=PAIR.id, signature=theirs.signature)
    assert verdict(code_of(renamed)) is Fault.FORGED
    assert verdict(CODE, {PAIR.id: other.public}) is Fault.FORGED
    assert verdict(CODE, {PAIR.id: bytes(32)}) is Fault.FORGED


def test_a_signature_of_the_same_bytes_for_something_else_is_none_of_a_ticket():
    payload = read_code(CODE).payload
    for message in (payload[:-64], b"holdfast ticket" + payload[:-64], b"\x00" + payload[:-64]):
        forged = payload[:-64] + SIGNATURES.signer(PAIR.private)(message)
        assert verdict(with_payload(forged)) is Fault.FORGED


def test_parts_of_two_tickets_are_no_third_one():
    ours, theirs = read_code(CODE).payload, read_code(a_code(seat_number="B-99")).payload
    for place in range(9, len(ours), 8):
        if ours[:place] + theirs[place:] not in (ours, theirs):
            assert verdict(with_payload(ours[:place] + theirs[place:])) is Fault.FORGED


def test_a_ticket_that_does_not_fit_is_not_written():
    for number in ("", "A" * 51):
        with pytest.raises(ValueError, match="seat number"):
            signed(a_ticket(seat_number=number))
    with pytest.raises(UnreadableCode):
        ticket_of(b"")


def test_a_code_fits_into_the_alphanumeric_mode_of_a_small_qr_code():
    code = segno.make(CODE, micro=False, error="M", boost_error=False)
    assert code.mode == "alphanumeric"
    assert code.version <= 8
    assert segno.make(a_code(seat_number="席" * 50), micro=False, error="M").mode == "alphanumeric"
