"""One request, as a handler sees it: read once, checked where it is asked for."""

import re
from urllib.parse import parse_qsl
from uuid import UUID

import msgspec

from holdfast.domain.refusal import InvalidValue
from holdfast.http.endpoints.headers import READ_HEADERS
from holdfast.http.endpoints.problems import BodyTooLarge, MissingUserId, Source
from holdfast.http.protocol.asgi import ClientGoneError, Receive, Scope
from holdfast.http.protocol.request_id import request_id_from

USER_ID_MAX = 255
"""Characters in X-User-ID (contract)."""
PAGE_DEFAULT = 20
PAGE_MAX = 100
"""Entries of a list (contract)."""
OFFSET_MAX = 2**53
"""No list is that long; PostgreSQL's bigint ends not far beyond."""

_WANTED = frozenset(header.name.lower().encode() for header in READ_HEADERS)
_WHOLE_NUMBER = re.compile(r"[0-9]+")


class Call:
    """One request. Headers are looked through once; the body is read when a handler wants it."""

    __slots__ = ("_body_bytes_max", "_public_path", "headers", "receive", "request_id", "reservation_id", "scope")

    def __init__(self, scope: Scope, receive: Receive, body_bytes_max: int, public_path: bytes = b"") -> None:
        headers: dict[bytes, bytes] = {}
        for name, value in scope["headers"]:
            if name in _WANTED:
                headers[name] = headers[name] + b", " + value if name in headers else value
        self.scope = scope
        self.headers = headers
        self.receive = receive
        self._body_bytes_max = body_bytes_max
        self._public_path = public_path
        self.request_id = request_id_from(headers.get(b"x-request-id"))
        self.reservation_id: UUID | None = None
        """For the log, once it is known."""

    def source(self) -> Source:
        """Name this request in a problem."""
        path: bytes = self.scope.get("raw_path") or self.scope["path"].encode()
        return Source(self._public_path + path, self.request_id)

    def user_id(self) -> str:
        """Tell who is asking.

        Raises:
            MissingUserId: if the header is missing or empty.
            InvalidValue: if it is too long or not printable ASCII.
        """
        given = self.headers.get(b"x-user-id", b"").strip(b" \t")
        if not given:
            raise MissingUserId
        user_id = given.decode("latin-1")
        if len(user_id) > USER_ID_MAX or not (user_id.isascii() and user_id.isprintable()):
            raise InvalidValue("X-User-ID", f"must be 1 to {USER_ID_MAX} printable ASCII characters")
        return user_id

    def path_id(self, name: str) -> UUID:
        """Read an id out of the path.

        Raises:
            InvalidValue: if it is not a UUID.
        """
        try:
            return msgspec.convert(self.scope["path_params"][name], UUID)
        except (msgspec.ValidationError, UnicodeEncodeError):
            raise InvalidValue(name, "must be a UUID") from None

    def query(self) -> dict[str, str]:
        """Read the query; of a name given twice the first counts."""
        pairs = parse_qsl(self.scope["query_string"].decode("latin-1"), keep_blank_values=True)
        return dict(reversed(pairs))

    def page(self) -> tuple[int, int]:
        """Read limit and offset; what makes no sense counts as not given."""
        query = self.query()
        limit = _whole_number(query.get("limit", ""), otherwise=PAGE_DEFAULT)
        offset = _whole_number(query.get("offset", ""), otherwise=0)
        return min(limit or PAGE_DEFAULT, PAGE_MAX), min(offset, OFFSET_MAX)

    async def body(self, bytes_max: int | None = None) -> bytes:
        """Read the whole body, of at most `bytes_max` and in any case of what the operator allows.

        Raises:
            BodyTooLarge: as soon as that is known: from Content-Length, else while reading.
            ClientGoneError: if the caller leaves before its end.
        """
        bytes_max = self._body_bytes_max if bytes_max is None else min(bytes_max, self._body_bytes_max)
        if (self.declared_bytes() or 0) > bytes_max:
            raise BodyTooLarge(bytes_max)
        message = await self.receive()
        if message["type"] == "http.disconnect":
            raise ClientGoneError
        body: bytes = message.get("body", b"")
        if message.get("more_body", False):
            body = await self._rest_of_body(body, bytes_max)
        if len(body) > bytes_max:
            raise BodyTooLarge(bytes_max)
        return body

    def declared_bytes(self) -> int | None:
        """Tell how long the body will be; None where it comes in chunks, or the caller did not say."""
        declared = self.headers.get(b"content-length")
        return None if declared is None else _whole_number(declared.decode("latin-1"), otherwise=0)

    async def _rest_of_body(self, start: bytes, bytes_max: int) -> bytes:
        body = bytearray(start)
        more = True
        while more:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise ClientGoneError
            body += message.get("body", b"")
            if len(body) > bytes_max:
                raise BodyTooLarge(bytes_max)
            more = message.get("more_body", False)
        return bytes(body)


def _whole_number(text: str, *, otherwise: int) -> int:
    if not _WHOLE_NUMBER.fullmatch(text):
        return otherwise
    return int(text[:4000].lstrip("0")[:19] or "0")  # more digits are beyond every limit all the same
