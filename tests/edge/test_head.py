"""The reader of heads: what it accepts, h11 reads alike, and what it refuses it refuses with the right status."""

import h11
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from holdfast.http.protocol.forwarding import Forwarding, address_of
from holdfast.http.protocol.head import FIELDS_MAX, HEAD_BYTES_MAX, TARGET_BYTES_MAX, read_head, refuse_incomplete
from holdfast.http.protocol.refusal import RequestRefusedError

REFUSED = {
    "no host": (b"GET / HTTP/1.1\r\n\r\n", 400),
    "no name before the port": (b"GET / HTTP/1.1\r\nHost: :80\r\n\r\n", 400),
    "a host with two dots": (b"GET / HTTP/1.1\r\nHost: a..b\r\n\r\n", 400),
    "a port of letters": (b"GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", 400),
    "an empty host": (b"GET / HTTP/1.1\r\nHost:\r\n\r\n", 400),
    "two hosts": (b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400),
    "two hosts in 1.0": (b"GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400),
    "a list of hosts": (b"GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400),
    "a host with a path": (b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
    "two callers": (b"GET / HTTP/1.1\r\nHost: a\r\nX-User-ID: ann\r\nx-user-id: bob\r\n\r\n", 400),
    "two request ids": (b"GET / HTTP/1.1\r\nHost: a\r\nX-Request-ID: a\r\nX-Request-ID: b\r\n\r\n", 400),
    "two lengths": (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", 400),
    "a list of lengths": (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\n", 400),
    "no length": (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n", 400),
    "a signed length": (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n", 400),
    "a negative length": (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400),
    "a length in hexadecimal": (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x1\r\n\r\n", 400),
    "a length with an underscore": (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1_0\r\n\r\n", 400),
    "a length in other digits": (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: \xd9\xa1\r\n\r\n", 400),
    "a huge length": (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: " + b"9" * 4000 + b"\r\n\r\n", 413),
    "length and coding": (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    "two codings": (b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n", 400),
    "chunked twice": (b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n", 400),
    "gzip": (b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
    "identity": (b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n", 501),
    "xchunked": (b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n", 501),
    "no coding": (b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n\r\n", 400),
    "a coding with a tab inside": (b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunk\ted\r\n\r\n", 400),
    "a tab before the coding": (b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\tchunked\r\n\r\n", 400),
    "a tab before the length": (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: \t1\r\n\r\n", 400),
    "a tab behind the length": (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\t\r\n\r\n", 400),
    "a tab before the host": (b"GET / HTTP/1.1\r\nHost:\t a\r\n\r\n", 400),
    "a coding in 1.0": (b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    "a folded line": (b"GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", 400),
    "a folded first line": (b"GET / HTTP/1.1\r\n Host: a\r\nHost: a\r\n\r\n", 400),
    "a bare line feed": (b"GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", 400),
    "a bare line feed in the line": (b"GET / HTTP/1.1\nHost: a\r\n\r\n", 400),
    "a bare carriage return": (b"GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n", 400),
    "a space before the colon": (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length : 1\r\n\r\n", 400),
    "a space in a name": (b"GET / HTTP/1.1\r\nHost: a\r\nX Y: 1\r\n\r\n", 400),
    "no name": (b"GET / HTTP/1.1\r\nHost: a\r\n: 1\r\n\r\n", 400),
    "no colon": (b"GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n", 400),
    "a NUL in a name": (b"GET / HTTP/1.1\r\nHost: a\r\nX\0: 1\r\n\r\n", 400),
    "a NUL in a value": (b"GET / HTTP/1.1\r\nHost: a\r\nX: 1\0\r\n\r\n", 400),
    "a bell in a value": (b"GET / HTTP/1.1\r\nHost: a\r\nX: 1\x07\r\n\r\n", 400),
    "DEL in a value": (b"GET / HTTP/1.1\r\nHost: a\r\nX: 1\x7f\r\n\r\n", 400),
    "two spaces": (b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "a tab": (b"GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "a space at the end": (b"GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400),
    "a space in front": (b" GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "a space in the target": (b"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "a target outside ASCII": ("GET /東京 HTTP/1.1\r\nHost: a\r\n\r\n".encode(), 400),
    "a fragment": (b"GET /#x HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "a relative target": (b"GET x HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "a star": (b"GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "another scheme": (b"GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "a user in the URL": (b"GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "no host in the URL": (b"GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "a tunnel": (b"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", 405),
    "no version": (b"GET /\r\nHost: a\r\n\r\n", 400),
    "another protocol": (b"GET / HTTX/1.1\r\nHost: a\r\n\r\n", 400),
    "a version in words": (b"GET / HTTP/one\r\nHost: a\r\n\r\n", 400),
    "a long version": (b"GET / HTTP/1.10\r\nHost: a\r\n\r\n", 400),
    "the preface of HTTP/2": (b"PRI * HTTP/2.0\r\n\r\n", 505),
    "version 0.9": (b"GET / HTTP/0.9\r\nHost: a\r\n\r\n", 505),
    "version 1.2": (b"GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505),
    "an expectation": (b"POST / HTTP/1.1\r\nHost: a\r\nExpect: a-pony\r\n\r\n", 417),
    "a long target": (b"GET /" + b"a" * TARGET_BYTES_MAX + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
    "many fields": (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: 1\r\n" * FIELDS_MAX + b"\r\n", 431),
    "long fields": (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"1" * HEAD_BYTES_MAX + b"\r\n\r\n", 431),
    "a long method": (b"A" * 40 + b" / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "nothing": (b"\r\n\r\n", 400),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused(what):
    head, status = REFUSED[what]
    with pytest.raises(RequestRefusedError) as refused:
        read_head(head)
    assert refused.value.refusal.status == status
    assert str(refused.value)


ACCEPTED = [
    b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /?a=b?c HTTP/1.1\r\nHost:a\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost:  a.b:80 \r\nT:\t a \t\r\nX:\r\nY: \xff\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a.b.c.:\r\n\r\n",
    b"GET / HTTP/1.0\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: [::1]:80\r\nContent-Length: 007\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET http://b/x?y HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nAccept: a\r\nAccept: b\r\n\r\n",
]


@pytest.mark.parametrize("head", ACCEPTED)
def test_accepted(head):
    read_head(head)
    _read_alike(head)


def test_what_is_read():
    head = read_head(
        b"POST /a%20b/c?d=%20 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, CLOSE\r\nContent-Length: 12\r\n"
        b"Expect: 100-Continue\r\n\r\n"
    )
    assert (head.method, head.path, head.raw_path, head.query) == ("POST", "/a b/c", b"/a%20b/c", b"d=%20")
    assert (head.length, head.chunked, head.keep_alive, head.expects_continue) == (12, False, False, True)
    absolute = read_head(b"GET http://b?y HTTP/1.1\r\nHost: a\r\n\r\n")
    assert (absolute.path, absolute.query, absolute.fields) == ("/", b"y", [(b"host", b"b")])
    assert not read_head(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").keep_alive


def _read_alike(head: bytes) -> None:
    """Whatever our reader accepts, h11 accepts, and reads the same."""
    ours = read_head(head)
    theirs = h11.Connection(h11.SERVER, max_incomplete_event_size=2 * HEAD_BYTES_MAX)
    theirs.receive_data(head)
    event = theirs.next_event()
    assert isinstance(event, h11.Request)
    assert (event.method.decode(), event.target) == (ours.method, ours.target)
    assert event.http_version == b"1.%d" % ours.minor
    if not ours.target.startswith(b"http"):
        coding = b"transfer-encoding"  # which h11 writes in lower case
        assert list(event.headers) == [
            (name, value.lower() if name == coding else value) for name, value in ours.fields
        ]
    framing = dict(event.headers)
    assert ours.chunked == (framing.get(b"transfer-encoding") == b"chunked")
    assert ours.length == int(framing.get(b"content-length", b"0"))


_pieces = st.sampled_from(
    [
        b" ", b"\t", b"\r", b"\n", b"\r\n", b":", b",", b";", b"\0", b"\x80", b"\xff", b"\x7f", b"0", b"a", b"GET",
        b"HTTP/1.1", b"Host", b"chunked", b"Content-Length: 1\r\n", b"Transfer-Encoding: chunked\r\n", b"Host: b\r\n",
        b"/", b"?", b"#", b"*", b"http://", b"%", b'"', b"\\",
    ]
)  # fmt: skip


@st.composite
def _mutated(draw):
    head = draw(st.sampled_from(ACCEPTED + [head for head, _ in REFUSED.values() if len(head) < 200]))
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(head)))
        end = draw(st.integers(start, min(len(head), start + 12)))
        head = head[:start] + draw(_pieces) + head[end:]
    return head[: head.find(b"\r\n\r\n") + 4] if b"\r\n\r\n" in head else head + b"\r\n\r\n"


@given(_mutated())
@example(b"GET / HTTP/1.1\r\nHost: a\r\nX Y: v\r\n\r\n")
@example(b"GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n")
def test_every_mutation_is_refused_or_read_as_h11_reads_it(head):
    try:
        read_head(head)
    except RequestRefusedError:
        return
    _read_alike(head)


@given(_mutated(), st.data())
def test_what_is_refused_before_its_end_would_have_been_refused(head, data):
    cut = data.draw(st.integers(0, len(head) - 4))
    scanned = data.draw(st.integers(0, cut))
    if b"\r\n\r\n" in head[:cut] or refuse_incomplete(head[:scanned], 0) is not None:
        return
    if refuse_incomplete(head[:cut], scanned) is not None:
        with pytest.raises(RequestRefusedError):
            read_head(head)


def test_heads_without_an_end():
    long_line = b"GET /" + b"a" * (TARGET_BYTES_MAX + 100)
    long_head = b"GET / HTTP/1.1\r\nX: " + b"a" * HEAD_BYTES_MAX
    for start, status in (
        (long_line, 414),
        (long_head, 431),
        (b"GET / HTTP/1.1\nHost: a\n\n", 400),
        (b"\x16\x03", 400),
    ):
        refused = refuse_incomplete(start, 0)
        assert refused is not None
        assert refused.refusal.status == status
    assert refuse_incomplete(b"GET / HTTP/1.1\r\nHost: a\r", 0) is None


@pytest.mark.parametrize(
    ("name", "host"),
    [
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8::7", "2001:db8::7"),
        ("::ffff:1", "::ffff:1"),
    ],
)
def test_an_address_is_written_in_one_way_whichever_socket_it_came_to(name, host):
    """A proxy's 192.0.2.7 would not be the trusted one."""
    assert address_of((name, 80, 0, 0)) == (host, 80)
    assert Forwarding("192.0.2.0/24").client_of(address_of((name, 80)), {b"x-forwarded-for": b"198.51.100.1"}) == (
        ("198.51.100.1", 0) if host == "192.0.2.7" else (host, 80)
    )
