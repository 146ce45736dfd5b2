"""Ordinary calls with httpx, for everything that is not timed: creating events, counting, checking afterwards."""

import json
from typing import Any
from urllib.parse import urlsplit

import httpx

from holdfast.bench.clients.driver import Address
from holdfast.bench.failure import LoadError

_SECONDS_MAX = 120.0


class UnexpectedAnswerError(LoadError):
    """The server's response is not what the contract says; the message is one line."""

    def __init__(self, request: str, status: int, body: bytes) -> None:
        """Build the message from the request and the response."""
        super().__init__(f"{request} was answered with {status}: {body[:200].decode(errors='replace')}")
        self.status = status


class Caller:
    """Calls one server, with JSON in and out."""

    def __init__(self, url: str) -> None:
        """Set the server; the connection is opened with the first call.

        Raises:
            LoadError: The URL cannot be used.
        """
        try:
            parts = urlsplit(url)
            port = parts.port or 80
        except ValueError:
            raise LoadError(f"{url} is not a URL: its host or port cannot be read") from None
        if parts.scheme != "http" or not parts.hostname:
            raise LoadError(f"{url} must be like http://127.0.0.1:8080")
        self.url = f"http://{parts.netloc}{parts.path.rstrip('/')}"
        self.address: Address = (parts.hostname, port)
        self.host = parts.netloc
        self.prefix = parts.path.rstrip("/")
        self._client = httpx.Client(timeout=_SECONDS_MAX, trust_env=False)  # otherwise the proxy would be measured too

    def call(self, method: str, path: str, body: Any = None, *, user: str = "") -> tuple[int, bytes]:  # noqa: ANN401
        """Send one request and return status and body.

        Raises:
            LoadError: The server cannot be reached, or broke the connection.
        """
        headers = {"X-User-ID": user} if user else {}
        payload = None
        if body is not None:
            payload = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        try:
            answer = self._client.request(method, self.url + path, content=payload, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise LoadError(f"{self.url} cannot be reached: {_reason(error)}") from None
        return answer.status_code, answer.content

    def json(self, method: str, path: str, body: Any = None, *, user: str = "") -> Any:  # noqa: ANN401
        """Send one request that must succeed and return the decoded body.

        Raises:
            UnexpectedAnswerError: The status is not a success, or the body is not JSON.
            LoadError: The server cannot be reached.
        """
        status, answer = self.call(method, path, body, user=user)
        if not 200 <= status < 300:
            raise UnexpectedAnswerError(f"{method} {path}", status, answer)
        try:
            return json.loads(answer)
        except ValueError:
            raise UnexpectedAnswerError(f"{method} {path}", status, answer) from None

    def close(self) -> None:
        """Close the connection."""
        self._client.close()


def _reason(error: BaseException) -> str:
    """Return the system's error text if there is one: httpx merges its number and text into one string."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
        cause = cause.__cause__ or cause.__context__
    return str(error) or type(error).__name__
