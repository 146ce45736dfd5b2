"""A browser without a window: keeps cookies, sends what browsers send, and does not follow redirects by itself."""

from typing import Self

import httpx

from api.serving import TLS


class Browser:
    """Visits pages, in one language, and sends forms as our own pages do."""

    def __init__(self, url: str, *, language: str = "en") -> None:
        self.url = url
        headers = {"Accept": "text/html,application/xhtml+xml", "Accept-Language": language}
        self.http = httpx.AsyncClient(base_url=url, headers=headers, timeout=20, verify=TLS)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()

    async def get(self, path: str, **more) -> httpx.Response:
        return await self.http.get(path, **more)

    async def send(self, path: str, fields: dict | None = None, **more) -> httpx.Response:
        """Send a form from one of our own pages."""
        headers = {"Origin": self.url, "Sec-Fetch-Site": "same-origin", **more.pop("headers", {})}
        return await self.http.post(path, data=fields or {}, headers=headers, **more)

    async def follow(self, answer: httpx.Response) -> httpx.Response:
        """Go where a form's answer sends the browser."""
        assert answer.status_code == 303, (answer.status_code, answer.text[:2000])
        return await self.get(answer.headers["location"])

    async def sign_in_as_organiser(self) -> None:
        """Click the one button of an open server."""
        answer = await self.send("/organise/sign-in")
        assert answer.status_code == 303
