"""Assembles the pages: an endpoint for each, beside those of the API."""

from dataclasses import dataclass

from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from holdfast.http.endpoints.answer import Answer
from holdfast.http.endpoints.cors import CorsPolicy
from holdfast.http.endpoints.endpoint import Dependencies, Endpoint
from holdfast.http.endpoints.problems import PathNotFound
from holdfast.http.protocol.meter import UNMATCHED
from holdfast.web.explanations import error_page
from holdfast.web.kit.answering import served
from holdfast.web.kit.page import Page
from holdfast.web.kit.site import Site
from holdfast.web.kit.visit import Visit
from holdfast.web.pages import PAGES


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages of one process, in the places where the API lets them in."""

    site: Site
    body_bytes_max: int
    mounted: dict[str, ASGIApp]
    """What the API answers to the pages' scripts, by path."""

    def root(self, otherwise: ASGIApp) -> ASGIApp:
        """Return what answers `/`: the first page for a browser, `otherwise` for a program."""
        return _ByAccept(self._endpoint(Page(path="/", name="first_page", get=_first_page)), otherwise)

    def unmatched(self, otherwise: ASGIApp) -> ASGIApp:
        """Return what answers all paths that the API does not know."""
        routes = [Route(path, endpoint) for path, endpoint in self.mounted.items()]
        routes += [Route(page.path, self._endpoint(page)) for page in PAGES]
        nothing = _ByAccept(self._endpoint(Page(path=UNMATCHED, name="nothing", get=_nothing)), otherwise)
        return Router(routes, redirect_slashes=False, default=nothing)

    def _endpoint(self, page: Page) -> Endpoint:
        dependencies = Dependencies(
            capabilities={Site: self.site},
            problems=self.site.problems,
            admission=lambda _: None,
            # Forms are checked by the pages themselves, more strictly.
            cors=CorsPolicy("", own_origin=self.site.public.origin),
            body_bytes_max=max(page.body_bytes_max, self.body_bytes_max),
            public_path=self.site.public.path.encode("ascii"),
        )
        return Endpoint(page.path, served(page, error_page), dependencies)


class _ByAccept:
    """Answers browsers and programs differently."""

    def __init__(self, page: ASGIApp, otherwise: ASGIApp) -> None:
        self._page = page
        self._otherwise = otherwise

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        readable = scope["type"] == "http" and scope["method"] in ("GET", "HEAD")
        if readable and any(name == b"accept" and b"text/html" in value for name, value in scope["headers"]):
            await self._page(scope, receive, send)
        else:
            await self._otherwise(scope, receive, send)


async def _first_page(visit: Visit) -> Answer:
    return visit.see_other("/events")


async def _nothing(_: Visit) -> Answer:
    raise PathNotFound
