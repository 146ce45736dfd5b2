"""Reads the head of a request: the request line and the header fields, by one strict grammar (RFC 9112).

A proxy and a node that read the same bytes differently can be made to see different requests. So what the grammar does
not allow is refused, also where others repair it: line folding, bare line feeds, spaces before a colon, two lengths.
"""

import re
from urllib.parse import unquote

from holdfast.http.refusal import (
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
"""Four times what nginx passes on by default, and nothing against the memory of 10,000 connections."""
FIELDS_MAX = 100
TARGET_BYTES_MAX = 8 * 1024
METHOD_BYTES_MAX = 32
LENGTH_DIGITS_MAX = 18
"""Of Content-Length: what needs more does not fit into 64 bits, and is beyond every limit all the same."""

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
"""Fields that have one value. Were two joined, or one of them chosen, whoever stands in front might have checked the
other: two callers' names in one request are no name."""

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]"
_REQUEST_LINE = re.compile(rb"(" + _TOKEN + rb"++) ([!-~]++) HTTP/([0-9]\.[0-9])\r\n")
FIELD_LINE = re.compile(rb"(?<=\r\n)(" + _TOKEN + rb"++):[ \t]*+([\t\x20-\x7e\x80-\xff]*+)\r\n")
"""One field, at the beginning of a line: searched for one after the other, as many must be found as there are lines."""
_HOST = re.compile(rb"[A-Za-z0-9._~!$&'()*+,;=%:\[\]-]*+")
_LENGTH = re.compile(rb"0*+([0-9]*+)")
_CODINGS = re.compile(rb"[ \t]*+" + _TOKEN + rb"++(?:[ \t]*+,[ \t]*+" + _TOKEN + rb"++)*+[ \t]*+")
_TAB_IN_FRAMING = re.compile(rb"\n(?:transfer-encoding|content-length):[^\r]*\t", re.IGNORECASE)
_ABSOLUTE = re.compile(rb"(?i:https?)://([^/?#]++)(/[^?#]*+)?(?:\?([^#]*+))?")
_NEVER_IN_A_HEAD = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|(?<!\r)\n|\r(?=[^\n])")
_TOO_MANY_FIELDS = f"A request may have at most {FIELDS_MAX} header fields."
_HEAD_TOO_LARGE = f"The head of a request may have at most {HEAD_BYTES_MAX} bytes."


class Head:
    """The head of one request, with what follows from it for the connection."""

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

    def __init__(self, method: str, target: bytes, minor: int, fields: list[Field], known: dict[bytes, bytes]) -> None:
        self.method = method
        self.target = target
        """As it was sent."""
        self.minor = minor
        """The 1 of HTTP/1.1."""
        self.fields = fields
        """In their order, names in lower case."""
        self.known = known
        """By name; of a field that was given several times all values, joined by commas."""
        self.raw_path, self.query = target, b""
        self.path = ""
        self.length = 0
        """Of the body, where it is not chunked."""
        self.chunked = False
        self.keep_alive = minor == 1
        self.expects_continue = False


def read_head(head: bytes) -> Head:
    """Read a complete head, its empty line included.

    Raises:
        RequestRefusedError: it is not one request of HTTP/1.0 or 1.1, or goes beyond a limit.
    """
    line = _REQUEST_LINE.match(head)
    if line is None:
        raise _not_a_request_line(head)
    method, target, version = line.groups()
    given = FIELD_LINE.findall(head, line.end() - 2)
    if len(head) > HEAD_BYTES_MAX or len(given) > FIELDS_MAX or len(target) > TARGET_BYTES_MAX:
        raise _too_large(head, target)
    if version not in (b"1.1", b"1.0"):
        raise RequestRefusedError(VERSION_UNKNOWN, "This server speaks HTTP/1.1 and HTTP/1.0.")
    if len(given) != head.count(b"\r\n") - 2:
        raise malformed("A line of the head is not a header field.")
    fields = [(name.lower(), value.rstrip(b" \t")) for name, value in given]
    known = dict(fields)
    if len(known) != len(fields):
        known = _joined(fields)
    read = Head(method.decode("ascii"), target, 1 if version == b"1.1" else 0, fields, known)
    _read_target(read)
    _read_host(read)
    _read_framing(read)
    if b"\t" in head and _TAB_IN_FRAMING.search(head):
        # It is allowed, but some proxies take it for a part of the word, and so see another end of the body.
        raise malformed("There is a tab in Content-Length or Transfer-Encoding.")
    connection = known.get(b"connection")
    if connection is not None and read.keep_alive:
        read.keep_alive = b"close" not in _tokens(connection)
    return read


def refuse_incomplete(start: bytes, scanned: int) -> RequestRefusedError | None:
    """Say why the beginning of a head, without its empty line yet, can never become one; None where it may.

    Args:
        start: What has come.
        scanned: How much of it was looked through before.
    """
    line_end = start.find(b"\r\n", 0, METHOD_BYTES_MAX + TARGET_BYTES_MAX + 16)
    if line_end < 0 and len(start) > METHOD_BYTES_MAX + TARGET_BYTES_MAX + 16:
        return RequestRefusedError(TARGET_TOO_LONG, f"The target may have at most {TARGET_BYTES_MAX} bytes.")
    if len(start) > HEAD_BYTES_MAX:
        return RequestRefusedError(FIELDS_TOO_LARGE, _HEAD_TOO_LARGE)
    if _NEVER_IN_A_HEAD.search(start, max(0, scanned - 1)):
        return malformed("There are control characters, or a line that does not end with CR LF, in the head.")
    return None


def _not_a_request_line(head: bytes) -> RequestRefusedError:
    line = head[: head.find(b"\r\n")]
    words = line.split(b" ")
    if len(words) >= 2 and len(words[1]) > TARGET_BYTES_MAX:
        return RequestRefusedError(TARGET_TOO_LONG, f"The target may have at most {TARGET_BYTES_MAX} bytes.")
    if not line.isascii():
        return malformed("The request line holds bytes outside ASCII; in a target they must be percent-encoded.")
    return malformed("The request line must be a method, a target and HTTP/1.1, with one space between them.")


def _too_large(head: bytes, target: bytes) -> RequestRefusedError:
    if len(target) > TARGET_BYTES_MAX:
        return RequestRefusedError(TARGET_TOO_LONG, f"The target may have at most {TARGET_BYTES_MAX} bytes.")
    return RequestRefusedError(FIELDS_TOO_LARGE, _HEAD_TOO_LARGE if len(head) > HEAD_BYTES_MAX else _TOO_MANY_FIELDS)


def _joined(fields: list[Field]) -> dict[bytes, bytes]:
    """Join what was given several times, where that means a list."""
    known: dict[bytes, bytes] = {}
    for name, value in fields:
        if name not in known:
            known[name] = value
        elif name in SINGLE_FIELDS:
            raise malformed(f"The header field {name.decode('ascii')} is given twice.")
        else:
            known[name] += b", " + value
    return known


def _read_target(read: Head) -> None:
    target = read.target
    if read.method == "CONNECT":
        raise RequestRefusedError(CONNECT_REFUSED, "This server opens no tunnels.")
    if len(read.method) > METHOD_BYTES_MAX:
        raise malformed(f"A method may have at most {METHOD_BYTES_MAX} characters.")
    if target[0] == 0x2F:
        if b"?" in target:
            read.raw_path, _, read.query = target.partition(b"?")
        if b"#" in target:
            raise malformed("A fragment is no part of a request's target.")
    elif target == b"*" and read.method == "OPTIONS":
        pass
    else:
        absolute = _ABSOLUTE.fullmatch(target)
        if absolute is None or not _HOST.fullmatch(absolute[1]):
            raise malformed("The target must begin with a slash, or be a complete http URL.")
        read.raw_path, read.query = absolute[2] or b"/", absolute[3] or b""
        # The target's host counts, whatever the field says (RFC 9112, 3.2.2).
        read.fields = [(name, absolute[1] if name == b"host" else value) for name, value in read.fields]
    path = read.raw_path.decode("ascii")
    read.path = unquote(path) if "%" in path else path


def _read_host(read: Head) -> None:
    host = read.known.get(b"host")
    if host is None:
        if read.minor == 1:
            raise malformed("A request of HTTP/1.1 must have the header field Host.")
    elif not host or not _HOST.fullmatch(host):
        raise malformed("The header field Host is not the name of a host.")


def _read_framing(read: Head) -> None:
    """Find out where the body ends."""
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
