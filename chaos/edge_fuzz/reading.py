"""What a server read from the bytes: the parts of a request whose misreading could harm a buyer."""

from collections.abc import Iterable, Mapping
from hashlib import sha256

import msgspec

COMPARED_FIELDS = (
    b"host",
    b"x-user-id",
    b"x-request-id",
    b"origin",
    b"accept",
    b"if-none-match",
    b"last-event-id",
    b"content-type",
)
"""The fields that identify the caller or change the answer. nginx drops or rewrites hop-by-hop fields."""
SHOWN_BYTES = 120


class Reading(msgspec.Struct, frozen=True, array_like=True):
    """One request as it was read. Bytes are decoded as Latin-1, one character per byte."""

    method: str
    target: str
    fields: tuple[tuple[str, str], ...]
    body_bytes: int
    body_digest: str
    body_start: str
    callers: int = 1
    """How many X-User-ID fields were believed."""
    refused: bool = False
    """The application, not the server, answered 4xx; the connection stays open."""
    authority: str = ""
    """The host that nginx assigns the request to, in lower case and without a port."""
    version: str = ""
    """As nginx read it."""
    connection: str = ""
    """The field Connection, as the node read it."""

    def same_as(self, other: "Reading") -> bool:
        """Return whether both are the same request."""
        return (
            self.method == other.method
            and self.target == other.target
            and self._fields_as(other)
            and self.body_bytes == other.body_bytes
            and self.body_digest == other.body_digest
        )

    def _fields_as(self, nginx: "Reading") -> bool:
        """Compare the fields.

        A target in absolute form overrides Host (RFC 9112, 3.2.2). The node replaces Host by it; nginx forwards Host
        unchanged, but uses the target's host for itself.
        """
        if self.fields == nginx.fields:
            return True
        own, others = dict(self.fields), dict(nginx.fields)
        host = own.pop("host", "")
        others.pop("host", None)
        return own == others and bool(nginx.authority) and _without_port(host) == nginx.authority

    def __str__(self) -> str:
        fields = ", ".join(f"{name}={value[:SHOWN_BYTES]!r}" for name, value in self.fields)
        return f"{self.method} {self.target[:SHOWN_BYTES]!r} ({fields}) body {self.body_bytes}: {self.body_start!r}"


def _without_port(host: str) -> str:
    host = host.lower()
    return host[: host.find("]") + 1] if host.startswith("[") else host.partition(":")[0]


def reading_of(
    method: str,
    target: bytes,
    headers: Mapping[bytes, bytes] | Iterable[tuple[bytes, bytes]],
    body: bytes,
    *,
    refused: bool = False,
    authority: str = "",
    version: str = "",
) -> Reading:
    """Return what was read.

    Args:
        method: As it came.
        target: Path and query.
        headers: The fields, names in lower case. In pairs, fields of the same name are joined.
        body: The whole body.
        refused: See `Reading.refused`.
        authority: See `Reading.authority`.
        version: See `Reading.version`.
    """
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    found: dict[bytes, bytes] = {}
    callers = 0
    connection = b""
    for name, value in pairs:
        if name == b"connection":
            connection += b"," + value
        if name in COMPARED_FIELDS:
            callers += name == b"x-user-id"
            stripped = value.strip(b" \t")
            found[name] = found[name] + b", " + stripped if name in found else stripped
    fields = tuple((name.decode(), found[name].decode("latin-1")) for name in COMPARED_FIELDS if found.get(name))
    # An empty query equals none, and a server may drop the question mark.
    shown_target = target.decode("latin-1").removesuffix("?")
    digest = sha256(body).hexdigest()[:16] if body else ""
    start = body[:SHOWN_BYTES].decode("latin-1")
    return Reading(
        method,
        shown_target,
        fields,
        len(body),
        digest,
        start,
        callers,
        refused,
        authority,
        version,
        connection.decode("latin-1"),
    )
