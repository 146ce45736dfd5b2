"""Which web pages may call the API (the Fetch standard's CORS protocol)."""

from holdfast.http.endpoints.answer import Answer, Header
from holdfast.http.endpoints.call import Call
from holdfast.http.endpoints.headers import ANSWER_HEADERS, READ_HEADERS, UNREAD_HEADERS
from holdfast.http.endpoints.problems import OriginNotAllowed

_SENT = (*UNREAD_HEADERS, *(header.name for header in READ_HEADERS if header.by_pages))
_EXPOSED: Header = (b"access-control-expose-headers", ", ".join(ANSWER_HEADERS).encode())
_ALLOWED_HEADERS: Header = (b"access-control-allow-headers", ", ".join(_SENT).encode())
_MAX_AGE: Header = (b"access-control-max-age", b"600")
_VARY: Header = (b"vary", b"Origin")
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class CorsPolicy:
    """The headers that tell a browser whether a page of another origin may read an answer.

    Credentials are never allowed: callers are named by a header, which a page must set deliberately.
    """

    def __init__(self, allow_origins: str, *, own_origin: str = "") -> None:
        """Read the policy.

        Args:
            allow_origins: `*`, or origins such as `https://tickets.example`, separated by commas.
            own_origin: Where callers find the service; empty if that is not known.
        """
        self._own = own_origin.encode()
        allowed = {origin.strip() for origin in allow_origins.split(",")} - {""}
        self._any = "*" in allowed
        self._allowed = frozenset(origin.encode() for origin in allowed)

    def headers(self, call: Call) -> tuple[Header, ...]:
        """Return the headers for any answer to this request, including errors."""
        origin = call.headers.get(b"origin")
        if self._any:
            return () if origin is None else ((b"access-control-allow-origin", b"*"), _EXPOSED)
        if origin is None or origin not in self._allowed:
            return (_VARY,)
        return ((b"access-control-allow-origin", origin), _EXPOSED, _VARY)

    def require_allowed(self, call: Call) -> None:
        """Refuse a change that is sent by a page of an origin that may not call the API.

        Without this, the policy would only keep such a page from reading the answer. A page sends a POST with a body
        of type text/plain to any other origin without asking first, and in `open` mode, or behind a gateway that knows
        its users by a cookie, that would create an event.

        Raises:
            OriginNotAllowed: It is.
        """
        if self._any or call.scope["method"] in _SAFE_METHODS:
            return
        origin = call.headers.get(b"origin")
        if origin is None or origin in self._allowed or self._is_own(origin, call):
            return
        raise OriginNotAllowed

    def _is_own(self, origin: bytes, call: Call) -> bool:
        """Return whether an origin is the service's own: Swagger's page sends changes too."""
        host = call.only_header(b"host")
        named = host is not None and origin.partition(b"://")[2] == host.encode("latin-1")
        return named or origin == self._own or call.only_header(b"sec-fetch-site") == "same-origin"

    def options(self, call: Call, methods: tuple[str, ...]) -> Answer:
        """Answer OPTIONS with the path's methods and, for a browser's preflight request, with what may be sent."""
        names = ", ".join(methods).encode()
        headers: tuple[Header, ...] = ((b"allow", names),)
        if b"access-control-request-method" in call.headers:
            headers += ((b"access-control-allow-methods", names), _ALLOWED_HEADERS, _MAX_AGE)
        return Answer(204, headers=headers, content_type=None)
