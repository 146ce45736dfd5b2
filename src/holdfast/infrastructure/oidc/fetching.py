"""Fetches the small JSON documents that issuers publish, only from the URLs the operator intended."""

import asyncio
import logging
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpx2

from holdfast.infrastructure.oidc.json_object import MalformedJsonError, read_object

STEP_SECONDS_MAX = 2.0
"""For connecting, and for each piece of a response."""
FETCH_SECONDS_MAX = 4.0
"""For a whole document: a response that trickles in could stay within the limit of each step for ever."""
DOCUMENT_BYTES_MAX = 256 * 1024

# The client logs each request with the reason phrase of the response, and at DEBUG also what was sent.
for _name in ("httpx2", "httpcore2"):
    logging.getLogger(_name).setLevel(logging.WARNING)

_REFUSALS = (httpx2.codes.BAD_REQUEST, httpx2.codes.UNAUTHORIZED)
_MAX_AGE = re.compile(r"(?:^|[\s,])max-age=(\d{1,9})(?:$|[\s,;])", re.IGNORECASE)


class FetchFailedError(Exception):
    """The document could not be fetched; the message says why and is safe to log."""


class NotAcceptedError(FetchFailedError):
    """The server refused what was sent to it."""


@dataclass(frozen=True, slots=True)
class Document:
    """A fetched document."""

    members: dict[str, object]
    max_age_seconds: int | None
    """How long the publisher lets it be cached; None if it does not say."""


class Fetcher:
    """Fetches JSON objects, one at a time.

    Redirects are not followed: otherwise a server on the way could choose where the keys come from. Compressed
    responses are not accepted, so that the limit of bytes also limits memory.
    """

    def __init__(self) -> None:
        self._tls = _system_certificates()

    async def fetch(self, url: str, *, through_proxy: bool) -> Document:
        """Fetch a document.

        Args:
            url: Its URL, which the caller has checked.
            through_proxy: Whether to use `HTTPS_PROXY` and the like, as for everything that is not on this machine.

        Raises:
            FetchFailedError: It could not be fetched.
        """
        return await self._fetched("GET", url, through_proxy, {})

    async def send(
        self, url: str, form: Mapping[str, str], *, secret: tuple[str, str] | None, through_proxy: bool
    ) -> Document:
        """Send a form, and return the document with which it is answered.

        Args:
            url: Where to, which the caller has checked.
            form: The form.
            secret: A name and a password for the header Authorization.
            through_proxy: As for `fetch`.

        Raises:
            NotAcceptedError: The server understood the form and refused it.
            FetchFailedError: There was no answer, or none that can be used.
        """
        return await self._fetched("POST", url, through_proxy, {"data": dict(form), "auth": secret})

    async def _fetched(self, method: str, url: str, through_proxy: bool, options: dict[str, Any]) -> Document:  # noqa: FBT001
        try:
            async with asyncio.timeout(FETCH_SECONDS_MAX), self._client(through_proxy) as client:
                return await _answer(client, method, url, options)
        except TimeoutError:
            raise FetchFailedError(f"it did not answer within {FETCH_SECONDS_MAX:g} s") from None
        except httpx2.TimeoutException:
            raise FetchFailedError(f"it was silent for {STEP_SECONDS_MAX:g} s") from None
        except httpx2.ProtocolError:
            # The client's message quotes the response, which may contain anything, and this goes into a log.
            raise FetchFailedError("its answer is not HTTP, or broke off") from None
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            raise FetchFailedError(f"{type(error).__name__}: {str(error)[:200]}") from None
        except MalformedJsonError as error:
            raise FetchFailedError(f"its answer {error}") from None

    def _client(self, through_proxy: bool) -> httpx2.AsyncClient:  # noqa: FBT001 - as above
        return httpx2.AsyncClient(
            verify=self._tls,
            timeout=httpx2.Timeout(STEP_SECONDS_MAX),
            follow_redirects=False,
            trust_env=through_proxy,
            headers={"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "holdfast"},
        )


@cache
def _system_certificates() -> ssl.SSLContext:
    """Load the system's certificates once. It takes a tenth of a second, so it is done before serving begins."""
    return httpx2.create_ssl_context()


async def _answer(client: httpx2.AsyncClient, method: str, url: str, options: dict[str, Any]) -> Document:
    async with client.stream(method, url, **options) as response:
        if method == "POST" and response.status_code in _REFUSALS:
            raise NotAcceptedError(f"it answered {response.status_code}")
        if response.status_code != httpx2.codes.OK:
            raise FetchFailedError(f"it answered {response.status_code}")
        if response.headers.get("content-encoding", "identity") != "identity":
            raise FetchFailedError("its answer is compressed, which was not asked for")
        body = bytearray()
        async for piece in response.aiter_raw():
            body += piece
            if len(body) > DOCUMENT_BYTES_MAX:
                raise FetchFailedError(f"its answer is longer than {DOCUMENT_BYTES_MAX} bytes")
        found = _MAX_AGE.search(response.headers.get("cache-control", ""))
    return Document(read_object(bytes(body)), int(found[1]) if found else None)
