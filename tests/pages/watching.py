"""What no page may do in any test: break its Content-Security-Policy, write an error, or ask another server."""

import re
from urllib.parse import urlsplit

from playwright.async_api import BrowserContext, ConsoleMessage, Request, Response, WebError

_POLICY = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
)
_INSIDE = ("data", "blob", "about")


class Watch:
    """Listens to everything that the pages of some contexts do, and keeps what they may not do."""

    def __init__(self) -> None:
        self.faults: list[str] = []
        self._origins: set[str] = set()
        self._expected: list[re.Pattern[str]] = []

    def over(self, context: BrowserContext, origin: str) -> None:
        """Watch all pages of a context. They may ask this origin only."""
        self._origins.add(origin)
        context.on("console", self._spoken)
        context.on("weberror", self._thrown)
        context.on("request", self._asked)
        context.on("response", self._answered)

    def expect(self, pattern: str) -> None:
        """Let pass errors that match: the browser reports each answer of 400 and above, and lost connections."""
        self._expected.append(re.compile(pattern))

    def expect_statuses(self, *statuses: int) -> None:
        """Let pass what the browser reports about answers with these statuses."""
        for status in statuses:
            self.expect(rf"responded with a status of {status}\b")

    def require_nothing(self) -> None:
        """Fail if any page did what it may not."""
        faults = [fault for fault in self.faults if not any(expected.search(fault) for expected in self._expected)]
        assert faults == [], "\n".join(faults)

    def _spoken(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "assert"):
            self.faults.append(f"console of {_page(message)}: {message.text} ({message.location.get('url', '')})")

    def _thrown(self, error: WebError) -> None:
        self.faults.append(f"not caught on {error.page.url if error.page else '?'}: {error.error}")

    def _asked(self, request: Request) -> None:
        url = urlsplit(request.url)
        if url.scheme not in _INSIDE and f"{url.scheme}://{url.netloc}" not in self._origins:
            self.faults.append(f"asked another server: {request.url}")

    def _answered(self, response: Response) -> None:
        if response.request.resource_type != "document" or not response.url.startswith("http"):
            return
        if not response.headers.get("content-type", "").startswith("text/html"):
            return
        policy = {part.strip() for part in response.headers.get("content-security-policy", "").split(";")}
        if missing := [part for part in _POLICY if part not in policy]:
            self.faults.append(f"the policy of {response.url} lacks {missing}")


def _page(message: ConsoleMessage) -> str:
    return message.page.url if message.page else "?"
