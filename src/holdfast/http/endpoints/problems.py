"""How all errors are encoded (RFC 9457), and the errors of HTTP itself.

The statuses and titles of an API's own refusals come from the API, as a table.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from holdfast.application.failures import Unavailable
from holdfast.domain.refusal import InvalidValue, Refusal
from holdfast.http.endpoints.answer import Answer, Header, event_version
from holdfast.http.protocol.problem import PROBLEM_JSON, problem_body
from holdfast.http.protocol.refusal import INTERNAL, INTERNAL_DETAIL, RequestRefusedError


class MissingUserId(Refusal):
    """The caller did not say who it is."""

    code = "missing_user_id"

    def __init__(self) -> None:
        super().__init__("The header X-User-ID names the caller; it is missing or empty.", field="X-User-ID")


class PathNotFound(Refusal):
    """There is nothing at this path."""

    code = "path_not_found"

    def __init__(self) -> None:
        super().__init__("There is nothing at this path. GET / links to the API's documentation.")


class OriginNotAllowed(Refusal):
    """The page that sent this change is of an origin that may not call the API."""

    code = "origin_not_allowed"

    def __init__(self) -> None:
        super().__init__("Pages of this origin may not call the API; CORS_ALLOW_ORIGINS says which may.")


class MethodNotAllowed(Refusal):
    """The path exists, but does not support this method."""

    code = "method_not_allowed"

    def __init__(self, allowed: tuple[str, ...]) -> None:
        super().__init__(f"This path accepts {', '.join(allowed)}.", allowed=list(allowed))
        self.allowed = allowed


class BodyTooLarge(Refusal):
    """The request's body has more bytes than this route accepts."""

    code = "body_too_large"

    def __init__(self, bytes_max: int) -> None:
        super().__init__(f"The body may have at most {bytes_max} bytes.", bytes_max=bytes_max)


class Source(NamedTuple):
    """The request being answered."""

    path: bytes
    """The path as the caller sent it, without the query."""
    request_id: str


class Row(NamedTuple):
    """How one kind of refusal is answered."""

    status: int
    title: str
    retry_after_seconds: int | None = None
    """When to try again, if that is always the same."""
    waits: bool = False
    """Whether the refusal's data says when to try again, as `retry_after_seconds`."""


ProblemTable = Mapping[type[Refusal], Row]

OF_HTTP: ProblemTable = {
    InvalidValue: Row(400, "Invalid request"),
    MissingUserId: Row(401, "Caller not named"),
    OriginNotAllowed: Row(403, "Origin not allowed"),
    PathNotFound: Row(404, "Path not found"),
    MethodNotAllowed: Row(405, "Method not allowed"),
    BodyTooLarge: Row(413, "Body too large"),
}
UNAVAILABLE = Row(503, "Temporarily unavailable")
UNAVAILABLE_CODE = "unavailable"


class Problems:
    """Encodes the answers to requests that were not carried out."""

    def __init__(
        self, table: ProblemTable, more_headers: Callable[[Refusal], tuple[Header, ...]] = lambda _: ()
    ) -> None:
        """Take over what is known of an API's refusals.

        Args:
            table: Their statuses and titles.
            more_headers: Gives the headers that a refusal has beside those of all.
        """
        self._rows = {**OF_HTTP, **table}
        self._more_headers = more_headers

    def row(self, refusal: type[Refusal]) -> Row:
        """Look up how a kind of refusal is answered."""
        return self._rows[refusal]

    def foreseen(self, why: Refusal | RequestRefusedError | Unavailable, source: Source) -> Answer:
        """Answer a request that was not carried out for a reason that is not a bug."""
        if isinstance(why, Refusal):
            return self.refused(why, source)
        return unavailable(why, source) if isinstance(why, Unavailable) else unreadable(why, source)

    def refused(self, refusal: Refusal, source: Source) -> Answer:
        """Answer a refusal, with the event's version at which it was true."""
        row = self._rows[type(refusal)]
        headers: tuple[Header, ...] = ()
        if refusal.version is not None:
            headers = (event_version(refusal.version),)
        if isinstance(refusal, MethodNotAllowed):
            headers = ((b"allow", ", ".join(refusal.allowed).encode()),)
        seconds = refusal.data["retry_after_seconds"] if row.waits else row.retry_after_seconds
        if seconds is not None:
            headers += ((b"retry-after", str(seconds).encode()),)
        headers += self._more_headers(refusal)
        body = _problem(row, refusal.code, str(refusal), source=source, data=refusal.data)
        return Answer(row.status, body, headers, PROBLEM_JSON, refusal.code)


def unavailable(failure: Unavailable, source: Source) -> Answer:
    """Answer a request that cannot be carried out now, and say what the caller may assume."""
    data = {"outcome": failure.outcome, "retry_after_seconds": failure.retry_after_seconds}
    body = _problem(UNAVAILABLE, UNAVAILABLE_CODE, str(failure), source=source, data=data)
    retry_after = (b"retry-after", str(failure.retry_after_seconds).encode())
    return Answer(UNAVAILABLE.status, body, (retry_after,), PROBLEM_JSON, UNAVAILABLE_CODE)


def unreadable(refused: RequestRefusedError, source: Source) -> Answer:
    """Answer a request whose body is malformed, or arrives too slowly."""
    status, code, title = refused.refusal
    body = _problem(Row(status, title), code, str(refused), source=source, data={})
    return Answer(status, body, (), PROBLEM_JSON, code)


def internal(source: Source) -> Answer:
    """Answer after a bug. The details are only in the log, under the request's id."""
    return unreadable(RequestRefusedError(INTERNAL, INTERNAL_DETAIL), source)


def _problem(row: Row, code: str, detail: str, source: Source, data: Mapping[str, object]) -> bytes:
    return problem_body(row.status, row.title, code, detail, path=source.path, request_id=source.request_id, data=data)
