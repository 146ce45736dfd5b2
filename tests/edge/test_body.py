"""The readers of bodies: wherever the bytes are cut, they are read the same, and as h11 reads them."""

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.http.protocol.body import (
    CHUNKS_MAX,
    EXTENSION_BYTES_MAX,
    SIZE_LINE_BYTES_MAX,
    TRAILER_BYTES_MAX,
    ChunkedBody,
    LengthBody,
)
from holdfast.http.protocol.head import FIELDS_MAX
from holdfast.http.protocol.refusal import RequestRefusedError

HEAD = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"


def read(body, segments):
    """Read as a connection does: what was not read stays in front of the next segment. Gives body and rest."""
    content, data = b"", b""
    for segment in segments:
        data += segment
        while data and not body.complete:
            piece, at = body.read(data, 0)
            content, data, moved = content + piece, data[at:], at > 0
            if not moved:
                break
    return content, data


@given(st.binary(max_size=50), st.lists(st.binary(min_size=1, max_size=7), max_size=20))
def test_a_body_with_a_length_ends_there(content, more):
    body = LengthBody(len(content))
    whole = content + b"".join(more)
    got, rest = read(body, [whole[at : at + 3] for at in range(0, len(whole), 3)])
    assert (got, rest) == (content, b"".join(more))
    assert body.complete


@st.composite
def _chunked(draw):
    message = b""
    content = b""
    for chunk in draw(st.lists(st.binary(min_size=1, max_size=30), max_size=5)):
        size = draw(st.sampled_from([b"%x", b"%X", b"00%x"])) % len(chunk)
        message += size + draw(st.sampled_from([b"", b";a", b";a=b", b';a="b c"'])) + b"\r\n" + chunk + b"\r\n"
        content += chunk
    message += b"0\r\n" + draw(st.sampled_from([b"", b"X: y\r\n", b"X-User-ID: vic\r\nX-Length: 7\r\n"])) + b"\r\n"
    return message, content


@given(_chunked(), st.binary(max_size=10), st.data())
def test_chunks_are_read_alike_however_they_are_cut(message_and_content, next_bytes, data):
    message, content = message_and_content
    whole = message + next_bytes
    cuts = sorted(data.draw(st.sets(st.integers(1, len(whole) - 1), max_size=8))) if len(whole) > 1 else []
    segments = [whole[start:end] for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    body = ChunkedBody()
    assert read(body, segments) == (content, next_bytes)
    assert body.complete


_noise = st.sampled_from(
    [b" ", b"\t", b"\r", b"\n", b"\r\n", b";", b"\0", b"\xff", b"0", b"1", b"f", b"x", b"-", b"0x", b"X: y\r\n", b":"]
)


@given(_chunked(), st.data())
def test_every_mutation_is_refused_or_read_as_h11_reads_it(message_and_content, data):
    message, _ = message_and_content
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(message)))
        end = data.draw(st.integers(start, min(len(message), start + 3)))
        message = message[:start] + data.draw(_noise) + message[end:]
    body = ChunkedBody()
    try:
        content, rest = read(body, [message])
    except RequestRefusedError:
        return
    theirs = h11.Connection(h11.SERVER)
    theirs.receive_data(HEAD + message)
    read_by_h11, ended = b"", False
    while (event := theirs.next_event()) not in (h11.NEED_DATA, h11.PAUSED):
        if isinstance(event, h11.Data):
            read_by_h11 += event.data
        ended = ended or isinstance(event, h11.EndOfMessage)
    assert ended == body.complete
    if ended:
        assert read_by_h11 == content
        assert theirs.trailing_data[0] == rest
    else:
        assert read_by_h11.startswith(content)


@pytest.mark.parametrize(
    ("message", "status"),
    [
        (b"", None),
        (b"3", None),
        (b"3\r", None),
        (b"3;a", None),
        (b"0\r\nX", None),
        (b" 3\r\n", 400),
        (b"3 \r\n", 400),
        (b"3\n", 400),
        (b"-3\r\n", 400),
        (b"0x3\r\n", 400),
        (b"\r\n", 400),
        (b"g\r\n", 400),
        (b"3;\0\r\n", 400),
        (b"1" * 16 + b"\r\n", 400),
        (b"3\r\nabcd", 400),
        (b"3\r\nabc\n", 400),
        (b"3\r\nabc\rx", 400),
        (b"3;" + b"a" * SIZE_LINE_BYTES_MAX, 400),
        ((b"1;" + b"a" * 500 + b"\r\na\r\n") * (EXTENSION_BYTES_MAX // 500 + 1), 400),
        (b"1\r\na\r\n" * (CHUNKS_MAX + 1), 400),
        (b"0\r\nX : y\r\n\r\n", 400),
        (b"0\r\n folded\r\n\r\n", 400),
        (b"0\r\nX: y\n\r\n", 400),
        (b"0\r\nX: \0", 400),
        (b"0\r\nX: " + b"y" * TRAILER_BYTES_MAX, 431),
        (b"0\r\n" + b"X: y\r\n" * (FIELDS_MAX + 1) + b"\r\n", 431),
    ],
)
def test_chunks_that_are_none(message, status):
    body = ChunkedBody()
    if status is None:
        read(body, [message])
        assert not body.complete
    else:
        with pytest.raises(RequestRefusedError) as refused:
            read(body, [message])
        assert refused.value.refusal.status == status
