"""Parses the head of a request, the request line and the header fields, by a single strict grammar (RFC 9112).

If a proxy and a node parse the same bytes differently, an attacker can make them see different requests. So whatever
the grammar forbids is refused, even if others repair it: line folding, bare line feeds, spaces before a colon, two
lengths.
"""

import re
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote

from holdfast.http.protocol.refusal import (
    BODY_TOO_LARGE,
    CODING_UNKNOWN,
    CONNECT_REFUSED,
    EXPECTATION,
    FIELDS_TOO_LARGE,
    TARGET_TOO_LONG,
    VERSION_UNKNOWN,
    RequestRefusedError,
    malformed,
)

HEAD_BYTES_MAX = 32 * 1024
"""Four times what nginx forwards by default, and little for the memory of 10,000 connections."""
FIELDS_MAX = 100
TARGET_BYTES_MAX = 8 * 1024
METHOD_BYTES_MAX = 32
REMEMBERED_BYTES_MAX = 2 * 1024
"""Lines of larger heads are not cached, so that the caches take no more than a few megabytes."""
LENGTH_DIGITS_MAX = 18
"""Digits of Content-Length. More would not fit into 64 bits, and would exceed every limit anyway."""

Field = tuple[bytes, bytes]

SINGLE_FIELDS = frozenset(
    {
        b"access-control-request-method",
        b"authorization",
        b"content-length",
        b"content-type",
        b"expect",
        b"host",
        b"last-event-id",
        b"origin",
        b"transfer-encoding",
        b"x-request-id",
        b"x-user-id",
    }
)
"""Fields that may occur only once. If two values were joined, or one of them chosen, a proxy might have checked the
other
one: a request with two caller names has no valid caller."""

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]"
_REQUEST_LINE = re.compile(rb"(" + _TOKEN + rb"++) ([!-~]++) HTTP/([0-9]\.[0-9])")
_FIELD_LINE = re.compile(rb"(" + _TOKEN + rb"++):([\t\x20-\x7e\x80-\xff]*+)")
_HOST = re.compile(rb"(?:\[[A-Za-z0-9._~!$&'()*+,;=:-]++\]|(?:\.?[A-Za-z0-9_~!$&'()*+,;=%-]++)++\.?)(?::[0-9]*+)?")
_LENGTH = re.compile(rb"0*+([0-9]*+)")
_CODINGS = re.compile(rb"[ \t]*+" + _TOKEN + rb"++(?:[ \t]*+,[ \t]*+" + _TOKEN + rb"++)*+[ \t]*+")
_TAB_IN_FRAMING = re.compile(rb"\n(?:transfer-encoding|content-length|host):[^\r]*\t", re.IGNORECASE)
_ABSOLUTE = re.compile(rb"(?i:https?)://([^/?#]++)(/[^?#]*+)?(?:\?([^#]*+))?")
_NEVER_IN_A_HEAD = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|(?<!\r)\n|\r(?=[^\n])")
_TOO_MANY_FIELDS = f"A request may have at most {FIELDS_MAX} header fields."
_TARGET_TOO_LONG = f"The target may have at most {TARGET_BYTES_MAX} bytes."
_HEAD_TOO_LARGE = f"The head of a request may have at most {HEAD_BYTES_MAX} bytes."


class Head:
    """The head of one request, and what it means for the connection."""

    __slots__ = (
        "chunked",
        "expects_continue",
        "fields",
        "keep_alive",
        "known",
        "length",
        "method",
        "minor",
        "path",
        "query",
        "raw_path",
        "target",
    )

    def __init__(self, line: "RequestLine", fields: list[Field], known: dict[bytes, bytes]) -> None:
        self.method, self.target, self.minor, self.raw_path, self.path, self.query, _ = line
        self.fields = fields
        """The fields in their order, with names in lower case."""
        self.known = known
        """The fields by name. For a field that occurs several times, all values are joined by commas."""
        self.length = 0
        """The length of the body, unless it is chunked."""
        self.chunked = False
        self.keep_alive = self.minor == 1
        self.expects_continue = False


class RequestLine(NamedTuple):
    """The first line of a head."""

    method: str
    target: bytes
    """The target as it was sent."""
    minor: int
    """The 1 in HTTP/1.1."""
    raw_path: bytes
    path: str
    query: bytes
    host: bytes | None
    """The host of a target that is a complete URL. It overrides the Host field (RFC 9112, 3.2.2)."""


def read_head(head: bytes) -> Head:
    """Parse a complete head, including the empty line at its end.

    Raises:
        RequestRefusedError: if it is not exactly one request of HTTP/1.0 or 1.1, or exceeds a limit.
    """
    first, *lines = head[:-4].split(b"\r\n")
    if len(head) <= REMEMBERED_BYTES_MAX:
        line = _remembered_request_line(first)
        fields = [_remembered_field(one) for one in lines]
    else:
        line = read_request_line(first)
        if len(head) > HEAD_BYTES_MAX:
            raise RequestRefusedError(FIELDS_TOO_LARGE, _HEAD_TOO_LARGE)
        fields = [read_field(one) for one in lines]
    if len(fields) > FIELDS_MAX:
        raise RequestRefusedError(FIELDS_TOO_LARGE, _TOO_MANY_FIELDS)
    known = dict(fields)
    if len(known) != len(fields):
        known = _joined(fields)
    if line.host is not None:
        fields = [(name, line.host if name == b"host" else value) for name, value in fields]
    read = Head(line, fields, known)
    _read_host(read)
    _read_framing(read)
    if b"\t" in head and _TAB_IN_FRAMING.search(head):
        # The tab is allowed, but some proxies treat it as part of the word, and so see a different end of the body.
        raise malformed("There is a tab in Content-Length, Transfer-Encoding or Host.")
    connection = known.get(b"connection")
    if connection is not None and read.keep_alive:
        read.keep_alive = b"close" not in _tokens(connection)
    return read


def read_request_line(line: bytes) -> RequestLine:
    """Parse the first line, without its line break.

    Raises:
        RequestRefusedError: if it is malformed, its target is too long, or it asks for something unsupported.
    """
    words = _REQUEST_LINE.fullmatch(line)
    if words is None:
        raise _not_a_request_line(line)
    method, target, version = words.groups()
    if len(target) > TARGET_BYTES_MAX:
        raise RequestRefusedError(TARGET_TOO_LONG, _TARGET_TOO_LONG)
    if version not in (b"1.1", b"1.0"):
        raise RequestRefusedError(VERSION_UNKNOWN, "This server speaks HTTP/1.1 and HTTP/1.0.")
    if method == b"CONNECT":
        raise RequestRefusedError(CONNECT_REFUSED, "This server opens no tunnels.")
    if len(method) > METHOD_BYTES_MAX:
        raise malformed(f"A method may have at most {METHOD_BYTES_MAX} characters.")
    raw_path, query, host = _read_target(target, method)
    path = raw_path.decode("ascii")
    path = unquote(path) if "%" in path else path
    return RequestLine(method.decode("ascii"), target, int(version == b"1.1"), raw_path, path, query, host)


def read_field(line: bytes) -> Field:
    """Parse a line of the head or of a trailer, without its line break; return the name in lower case, and the value.

    Raises:
        RequestRefusedError: if it is not a field.
    """
    field = _FIELD_LINE.fullmatch(line)
    if field is None:
        raise malformed("A line is not a header field.")
    return field[1].lower(), field[2].strip(b" \t")


# Most lines of a head equal those of the client's last head, or of other clients'. Finding one beats parsing it.
_remembered_request_line = lru_cache(maxsize=1024)(read_request_line)
_remembered_field = lru_cache(maxsize=2048)(read_field)


def refuse_incomplete(start: bytes, scanned: int) -> RequestRefusedError | None:
    """Return why an incomplete head can never become valid; None if it still may.

    Args:
        start: What has arrived.
        scanned: How much of it was scanned before.
    """
    line_end = start.find(b"\r\n", 0, METHOD_BYTES_MAX + TARGET_BYTES_MAX + 16)
    if line_end < 0 and len(start) > METHOD_BYTES_MAX + TARGET_BYTES_MAX + 16:
        return RequestRefusedError(TARGET_TOO_LONG, _TARGET_TOO_LONG)
    if len(start) > HEAD_BYTES_MAX:
        return RequestRefusedError(FIELDS_TOO_LARGE, _HEAD_TOO_LARGE)
    if _NEVER_IN_A_HEAD.search(start, max(0, scanned - 1)):
        return malformed("There are control characters, or a line that does not end with CR LF, in the head.")
    return None


def _not_a_request_line(line: bytes) -> RequestRefusedError:
    words = line.split(b" ")
    if len(words) >= 2 and len(words[1]) > TARGET_BYTES_MAX:
        return RequestRefusedError(TARGET_TOO_LONG, _TARGET_TOO_LONG)
    if not line.isascii():
        return malformed("The request line holds bytes outside ASCII; in a target they must be percent-encoded.")
    return malformed("The request line must be a method, a target and HTTP/1.1, with one space between them.")


def _joined(fields: list[Field]) -> dict[bytes, bytes]:
    """Join the values of fields given several times, if that makes a list."""
    known: dict[bytes, bytes] = {}
    for name, value in fields:
        if name not in known:
            known[name] = value
        elif name in SINGLE_FIELDS:
            raise malformed(f"The header field {name.decode('ascii')} is given twice.")
        else:
            known[name] += b", " + value
    return known


def _read_target(target: bytes, method: bytes) -> tuple[bytes, bytes, bytes | None]:
    """Return the path, the query, and the host if the target contains one."""
    if target[0] == 0x2F:
        if b"#" in target:
            raise malformed("A fragment is no part of a request's target.")
        path, _, query = target.partition(b"?")
        return path, query, None
    if target == b"*" and method == b"OPTIONS":
        return target, b"", None
    absolute = _ABSOLUTE.fullmatch(target)
    if absolute is None or not _HOST.fullmatch(absolute[1]):
        raise malformed("The target must begin with a slash, or be a complete http URL.")
    return absolute[2] or b"/", absolute[3] or b"", absolute[1]


def _read_host(read: Head) -> None:
    host = read.known.get(b"host")
    if host is None:
        if read.minor == 1:
            raise malformed("A request of HTTP/1.1 must have the header field Host.")
    elif not host or not _HOST.fullmatch(host):
        raise malformed("The header field Host is not the name of a host.")


def _read_framing(read: Head) -> None:
    """Determine where the body ends."""
    known = read.known
    length = known.get(b"content-length")
    if length is not None:
        digits = _LENGTH.fullmatch(length)
        if digits is None or not length:
            raise malformed("Content-Length must be one whole number.")
        if len(digits[1]) > LENGTH_DIGITS_MAX:
            raise RequestRefusedError(BODY_TOO_LARGE, "The body is larger than any that is taken.")
        read.length = int(digits[1] or b"0")
    codings = known.get(b"transfer-encoding")
    if codings is not None:
        if length is not None:
            raise malformed("Content-Length and Transfer-Encoding cannot be given together.")
        _read_codings(read, codings)
    expected = known.get(b"expect")
    if expected is not None:
        if expected.lower() != b"100-continue":
            raise RequestRefusedError(EXPECTATION, "The only expectation that can be met is 100-continue.")
        read.expects_continue = read.minor == 1 and (read.length > 0 or read.chunked)


def _read_codings(read: Head, codings: bytes) -> None:
    if read.minor == 0:
        raise malformed("HTTP/1.0 has no Transfer-Encoding.")
    if codings.lower() == b"chunked":
        read.chunked = True
        return
    if not _CODINGS.fullmatch(codings) or _tokens(codings).count(b"chunked") > 1:
        raise malformed("Transfer-Encoding must be chunked.")
    raise RequestRefusedError(CODING_UNKNOWN, "The only transfer coding that is known is chunked.")


def _tokens(value: bytes) -> list[bytes]:
    return [token.strip(b" \t").lower() for token in value.split(b",")]
