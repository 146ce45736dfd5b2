"""A request as a handler sees it: each part is read once and validated when it is used."""

import re
from enum import StrEnum
from typing import TypeVar
from urllib.parse import parse_qsl
from uuid import UUID

import msgspec

from holdfast.domain.identity.principal import require_user_id
from holdfast.domain.identity.refusals import ConflictingCredentials
from holdfast.domain.refusal import InvalidValue
from holdfast.http.endpoints.headers import READ_HEADERS
from holdfast.http.endpoints.problems import BodyTooLarge, MissingUserId, Source
from holdfast.http.protocol.asgi import ClientGoneError, Receive, Scope
from holdfast.http.protocol.request_id import request_id_from

Choice = TypeVar("Choice", bound=StrEnum)

PAGE_DEFAULT = 20
PAGE_MAX = 100
"""Entries in a page of a list (contract)."""
OFFSET_MAX = 2**53
"""No list is longer, and PostgreSQL's bigint is not much larger."""

_WANTED = frozenset(header.name.lower().encode() for header in READ_HEADERS)
_WHOLE_NUMBER = re.compile(r"[0-9]+")


class Call:
    """One request. The headers are scanned once; the body is read when a handler asks for it."""

    __slots__ = (
        "_body_bytes_max",
        "_public_path",
        "caller",
        "caller_name",
        "headers",
        "receive",
        "request_id",
        "reservation_id",
        "scope",
    )

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
        """The reservation's id for the log, once it is known."""
        self.caller: object = None
        """Who was let in, as the API knows them."""
        self.caller_name: bytes | None = None
        """Their name, for the log; empty for nobody, None where X-User-ID is taken for it."""

    def source(self) -> Source:
        """Describe this request for a problem."""
        path: bytes = self.scope.get("raw_path") or self.scope["path"].encode()
        return Source(self._public_path + path, self.request_id)

    def client_address(self) -> str | None:
        """Return the address of the client, behind the trusted proxies; None if it came through a Unix socket."""
        client: tuple[str, int] | None = self.scope.get("client")
        return None if client is None else client[0]

    def user_id(self) -> str:
        """Return the caller.

        Raises:
            MissingUserId: if the header is missing or empty.
            InvalidValue: if it is too long or not printable ASCII.
        """
        given = self.headers.get(b"x-user-id", b"").strip(b" \t")
        if not given:
            raise MissingUserId
        user_id = given.decode("latin-1")
        require_user_id("X-User-ID", user_id)
        return user_id

    def user_id_if_good(self) -> str | None:
        """Tell what X-User-ID says where nobody needs it: None also for what is no user id."""
        try:
            return self.user_id()
        except (MissingUserId, InvalidValue):
            return None

    @property
    def peer(self) -> str | None:
        """The address of the other side of the connection, whatever X-Forwarded-For says."""
        peer = self.scope.get("peer")
        return None if peer is None else str(peer[0])

    def only_header(self, name: bytes) -> str | None:
        """Read a header that may be given once; None where it is missing or empty.

        Raises:
            ConflictingCredentials: it is there twice, with different values: one of them may have been smuggled in.
        """
        values = {value.strip(b" \t") for field, value in self.scope["headers"] if field == name}
        if len(values) > 1:
            raise ConflictingCredentials(name.decode("latin-1"))
        return next(iter(values)).decode("latin-1") or None if values else None

    def path_id(self, name: str) -> UUID:
        """Return an id from the path.

        Raises:
            InvalidValue: if it is not a UUID.
        """
        return _as_id(name, self.path_text(name))

    def path_text(self, name: str) -> str:
        """Read a text out of the path."""
        return str(self.scope["path_params"][name])

    def query_id(self, name: str) -> UUID | None:
        """Read an id out of the query; None where it is not given.

        Raises:
            InvalidValue: if it is not a UUID.
        """
        text = self.query().get(name)
        return None if text is None else _as_id(name, text)

    def query_choice(self, name: str, choices: type[Choice]) -> Choice | None:
        """Read one of several words out of the query; None where it is not given.

        Raises:
            InvalidValue: if it is none of them.
        """
        text = self.query().get(name)
        try:
            return None if text is None else choices(text)
        except ValueError:
            raise InvalidValue(name, f"must be one of {', '.join(choices)}") from None

    def query(self) -> dict[str, str]:
        """Parse the query. If a name occurs twice, the first value counts."""
        pairs = parse_qsl(self.scope["query_string"].decode("latin-1"), keep_blank_values=True)
        return dict(reversed(pairs))

    def page(self) -> tuple[int, int]:
        """Return limit and offset. Invalid values count as missing."""
        query = self.query()
        limit = _whole_number(query.get("limit", ""), otherwise=PAGE_DEFAULT)
        offset = _whole_number(query.get("offset", ""), otherwise=0)
        return min(limit or PAGE_DEFAULT, PAGE_MAX), min(offset, OFFSET_MAX)

    def accepts_gzip(self) -> bool:
        """Return whether the client can read an answer in gzip (RFC 9110, 12.5.3)."""
        accepted = self.headers.get(b"accept-encoding")
        if accepted is None or b"gzip" not in accepted:
            return False
        for part in accepted.split(b","):
            name, _, weight = part.partition(b";")
            if name.strip() == b"gzip":
                return weight.replace(b" ", b"").rstrip(b"0").rstrip(b".") != b"q="
        return False

    async def body(self, bytes_max: int | None = None) -> bytes:
        """Read the whole body, up to `bytes_max` bytes and never more than the operator allows.

        Raises:
            BodyTooLarge: as soon as that is known, from Content-Length or while reading.
            ClientGoneError: if the client leaves before the end of the body.
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
        """Return the announced length of the body; None if it comes in chunks, or no length was announced."""
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


def _as_id(name: str, text: str) -> UUID:
    try:
        return msgspec.convert(text, UUID)
    except (msgspec.ValidationError, UnicodeEncodeError):
        raise InvalidValue(name, "must be a UUID") from None


def _whole_number(text: str, *, otherwise: int) -> int:
    if not _WHOLE_NUMBER.fullmatch(text):
        return otherwise
    return int(text[:4000].lstrip("0")[:19] or "0")  # more digits exceed every limit anyway
