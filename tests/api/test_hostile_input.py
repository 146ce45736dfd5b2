"""Whatever is sent, the answer is 400 or 413 and names what is wrong; never 500."""

import codecs
import json
import tracemalloc
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.serving import refused
from builders import a_seat, a_wish, an_event, numbered_seats
from holdfast.api.event_bodies import EventInput
from holdfast.api.seats.bulk_body import SeatsInput, read_bulk_body
from holdfast.api.wish_bodies import ReservationInput
from holdfast.domain.refusal import InvalidValue
from holdfast.http.endpoints.strict_json import StrictDecoder

BOM = codecs.BOM_UTF8
UNKNOWN_ID = "00000000-0000-7000-8000-00000000000a"
BODIES = {
    "/events": an_event(),
    f"/events/{UNKNOWN_ID}/seats": a_seat(),
    f"/events/{UNKNOWN_ID}/seats/bulk": numbered_seats(),
    "/reservations": a_wish(event_id=str(uuid4()), seat_ids=[str(uuid4())]),
}
NOT_JSON = [
    b"",
    b" ",
    b"{",
    b"null",
    b"[]",
    b"7",
    b'"text"',
    b"{}}",
    b"{'a': 1}",
    b'{"a": 1,}',
    b"\xff\xfe{\x00}\x00",
    b"\xef\xbb\xbf{}",
    b"a=1&b=2",
    b"\x1f\x8b\x08\x00",
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b"[" * 100_000 + b"]" * 100_000,
    b'{"unknown":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    b'{"a":1' + b"0" * 200_000 + b"}",
]
BAD_VALUES = [
    b"NaN",
    b"Infinity",
    b"-Infinity",
    b"1e999",
    b"1.0",
    b"1e2",
    b"01",
    b"1180591620717411303424",
    b"-1",
    b"null",
    b"true",
    b"[]",
    b"{}",
    b'"\\ud800"',
    b'"\\udc00\\ud800"',
    b'"\\u0000"',
    b'"a\x00b"',
    b'"\n"',
    b'"\xff"',
    b'"\xed\xa0\x80"',
    b'"\xc0\xaf"',
    b'"unclosed',
    b"[" * 5000 + b"]" * 5000,
]


def _with(body: dict, field: str, value: bytes) -> bytes:
    """The body with a field's value written as these bytes."""
    return json.dumps(body | {field: "@@"}).encode().replace(b'"@@"', value)


@pytest.mark.parametrize("path", BODIES)
async def test_what_is_no_json_object(api, path):
    for raw in NOT_JSON:
        answer = await api.post(path, user="ann", content=raw)
        if answer.status_code == 413:
            refused(answer, 413, "body_too_large")
        else:
            refused(answer, 400, "invalid_request")


@pytest.mark.parametrize("path", BODIES)
async def test_values_of_the_wrong_kind_in_every_field(api, path):
    for field in BODIES[path]:
        for value in BAD_VALUES:
            raw = _with(BODIES[path], field, value)
            answer = await api.post(path, user="ann", content=raw)
            assert answer.status_code == 400, (field, value[:40], answer.text)
            refused(answer, 400, "invalid_request")


@pytest.mark.parametrize("path", BODIES)
async def test_a_field_given_twice(api, path):
    for field, value in BODIES[path].items():
        raw = json.dumps(BODIES[path]).encode()[:-1] + f', "{field}": {json.dumps(value)}}}'.encode()
        answer = await api.post(path, user="ann", content=raw)
        problem = refused(answer, 400, "invalid_request")
        assert (problem["field"], problem["problem"]) == (field, "is given twice")


async def test_a_field_given_twice_deep_inside(api):
    path = f"/events/{uuid4()}/seats/bulk"
    raw = b'{"seats":[{"seat_number":"1","price":1},{"seat_number":"2","price":1,"price":2}]}'
    assert refused(await api.post(path, content=raw), 400, "invalid_request")["field"] == "price"
    disguised = b'{"seats":[{"seat_number":"1","price":1,"\\u0070rice":2}]}'
    assert refused(await api.post(path, content=disguised), 400, "invalid_request")["field"] == "price"


@pytest.mark.parametrize("path", BODIES)
async def test_a_byte_order_mark_before_json_is_ignored(api, path):
    raw = json.dumps(BODIES[path]).encode()
    plain, marked = await api.post(path, user="ann", content=raw), await api.post(path, user="ann", content=BOM + raw)
    assert (plain.status_code, plain.json().get("code")) == (marked.status_code, marked.json().get("code"))
    utf16 = await api.post(path, user="ann", content=raw.decode().encode("utf-16"))
    assert refused(utf16, 400, "invalid_request")["problem"].startswith("is not UTF-8")


def _large(seat: str, *, count: int = 2_000, beside: str = "") -> bytes:
    seats = ",".join(seat.replace("#", str(number)) for number in range(count))
    return f'{{{beside}"seats":[{seats}]}}'.encode()


SEAT = '{"seat_number":"S-#","price":1}'
LARGE_BODIES = [
    (_large(SEAT.replace("}", ',"price":2}')), "price"),
    (_large(SEAT.replace("}", ',"\\u0070rice":2}')), "price"),
    (_large(SEAT.replace("}", ',"x":"' + "y" * 5_000 + '"}'), count=20), "seats[0]"),
    (_large(SEAT.replace("}", ',"x":[' + "1," * 300 + "1]}")), None),
    (_large(SEAT.replace("}", ',"x":[' + "[]," * 1_000 + "[]]}")), "seats[0]"),
    (_large(SEAT, beside='"x":"' + "y" * 20_000 + '",'), "body"),
    (_large(SEAT, beside='"seats":[],'), "seats"),
    (_large(SEAT, beside='"prefix":"A",'), "seats"),
    (_large(SEAT, beside='"count":"A",'), "count"),
    (_large(SEAT) + b"}", "body"),
    (_large(SEAT)[:-1], "body"),
    (_large(SEAT).replace(b"S-77", b"\xff"), "body"),
    (_large(SEAT).replace(b'"S-77"', b"7"), "seats[77].seat_number"),
    (_large(SEAT).replace(b'{"seat_number":"S-77","price":1}', b"[]"), "seats[77]"),
    (_large(SEAT, count=10_001), "seats"),
    (b'{"seats":"' + b"x" * 100_000 + b'"}', "seats"),
    (b'{"prefix":"A","count":1,"price":1,"x":"' + b"x" * 100_000 + b'"}', "body"),
    (b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "body"),
    (b"[" + b"1," * 100_000 + b"1]", "body"),
]


async def test_large_bulk_bodies_are_refused_by_name(api):
    event_id, _ = await api.event_on_sale(seats=0, total_seats=20_000)
    for raw, field in LARGE_BODIES:
        answer = await api.post(f"/events/{event_id}/seats/bulk", content=raw)
        if field is None:
            assert answer.status_code == 201, answer.text[:200]
        else:
            named = refused(answer, 400, "invalid_request")["field"]
            assert named.removeprefix("seats[0].") == field, (raw[:60], answer.text[:200])


async def test_what_nobody_asked_for_in_a_bulk_body_fills_no_memory():
    """Decoded as a whole, such a body became fifty times as large."""
    raw = _large(SEAT.replace("}", "," + ",".join(f'"x{n}":"{n}"' for n in range(60)) + "}"), count=4_000)
    tracemalloc.start()
    await read_bulk_body(raw)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 4 * len(raw)


async def test_bytes_that_are_not_utf8_where_nobody_reads(api):
    raw = json.dumps(an_event())[:-1].encode() + b', "unknown": "\xff"}'
    assert refused(await api.post("/events", content=raw), 400, "invalid_request")["field"] == "body"


async def test_ids_that_are_none(api):
    for event_id in ("0", "%00", "%FF%FE", "a" * 8000, "..%2f..", "{id}", "%E2%80%AE", "'--"):
        for method in ("GET", "PUT", "DELETE"):
            answer = await api.call(method, f"/events/{event_id}", an_event() if method == "PUT" else None)
            assert answer.status_code in {400, 404}


_decoders = [
    StrictDecoder(EventInput),
    StrictDecoder(ReservationInput, quotes=lambda given: 10 + 2 * len(given.seat_ids)),
    StrictDecoder(SeatsInput),
]


@given(st.binary(max_size=200))
def test_any_bytes_at_all_are_a_value_or_a_named_complaint(raw):
    for decoder in _decoders:
        _decode(decoder, raw)


_json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["seats", "price", "event_id", "seat_ids", "name", "x", "seat_number"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(_json_values)
def test_any_json_at_all_is_a_value_or_a_named_complaint(value):
    for decoder in _decoders:
        _decode(decoder, json.dumps(value).encode())


def _decode(decoder: StrictDecoder, raw: bytes) -> None:
    complaint = None
    try:
        decoder.decode(raw)
    except InvalidValue as error:
        complaint = error
    if complaint is not None:
        assert complaint.data["field"]
        assert complaint.data["problem"]
        str(complaint).encode()


@given(
    seat_ids=st.lists(st.uuids(), min_size=1, max_size=5),
    key=st.text(st.characters(codec="ascii"), min_size=1, max_size=20),
    repeated=st.sampled_from(["event_id", "seat_ids", "idempotency_key", "unknown"]),
)
def test_the_quick_look_never_misses_a_repeated_field(seat_ids, key, repeated):
    wish = {"event_id": str(uuid4()), "seat_ids": [str(seat) for seat in seat_ids], "idempotency_key": key}
    once = json.dumps(wish | {"unknown": 0})
    assert _decoders[1].decode(once.encode()).idempotency_key == key
    for value in (wish.get(repeated, 0), [], 0):
        twice = f'{{"{repeated}": {json.dumps(value)}, {once[1:]}'
        with pytest.raises(InvalidValue):
            _decoders[1].decode(twice.encode())
