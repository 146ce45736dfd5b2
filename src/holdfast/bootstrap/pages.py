"""Builds the pages of one process, and lets their scripts read what the API answers."""

from collections.abc import Mapping
from dataclasses import replace

import structlog
from starlette.types import ASGIApp

from holdfast.api.halls import layout
from holdfast.api.identity.admission import Admission
from holdfast.api.identity.proving import GatewayProver
from holdfast.api.problems import PROBLEMS, headers_of_refusal
from holdfast.api.seats import availability
from holdfast.application.identity.identity import Identity
from holdfast.application.reading.views import Views
from holdfast.http.endpoints.answer import Answer
from holdfast.http.endpoints.call import Call
from holdfast.http.endpoints.cors import CorsPolicy
from holdfast.http.endpoints.endpoint import Dependencies, Endpoint
from holdfast.http.endpoints.operation import Operation
from holdfast.http.endpoints.problems import Problems
from holdfast.http.endpoints.public_url import PublicUrl
from holdfast.http.endpoints.routing import Routing
from holdfast.settings import Settings
from holdfast.web.app import Pages
from holdfast.web.kit.assets import assets
from holdfast.web.kit.cookies import Cookies
from holdfast.web.kit.kept_pages import KeptPages
from holdfast.web.kit.problems import PAGE_PROBLEMS
from holdfast.web.kit.site import Site
from holdfast.web.kit.templates import Templates
from holdfast.web.kit.visitors import Visitors

_FOR_SCRIPTS = {
    "get_layout": "/events/{id}/map/layout",
    "get_availability": "/events/{event_id}/map/bits",
    "stream_changes": "/events/{event_id}/map/changes",
}
"""Where the drawn map reads, by the name of the API's operation that answers."""


def build_pages(
    capabilities: Mapping[type, object], settings: Settings, identity: Identity, routing: Routing | None
) -> Pages | None:
    """Return the pages; None if this process serves none."""
    if not settings.pages:
        return None
    public = PublicUrl(settings.public_url)
    secure = public.origin.startswith("https://")
    if settings.app_env == "production" and not secure:
        structlog.get_logger("holdfast.web").warning(
            "cookies_not_secure", advice="set PUBLIC_URL to the https address of the pages, or PAGES=false"
        )
    visitors = Visitors(
        mode=settings.auth_mode or "open",
        gateway=GatewayProver(settings.gateway_peers) if settings.auth_mode == "gateway" else None,
        sessions=identity.sessions,
        rights=identity.rights,
        owners=identity.owner_directory,
        cookies=(cookies := Cookies(secure=secure)),
    )
    files = assets()
    problems = Problems({**PROBLEMS, **PAGE_PROBLEMS}, headers_of_refusal)
    site = Site(
        capabilities=capabilities,
        sessions=identity.sessions,
        visitors=visitors,
        cookies=cookies,
        templates=Templates(asset=lambda name: public.path + files.address(name), url=lambda path: public.path + path),
        assets=files,
        kept_pages=KeptPages(),
        public=public,
        problems=problems,
        routing=routing,
    )
    dependencies = Dependencies(
        capabilities={Views: capabilities[Views]},
        problems=problems,
        admission=Admission(visitors, identity.owner_directory).to,
        cors=CorsPolicy("", own_origin=public.origin),
        body_bytes_max=settings.body_bytes_max,
        public_path=public.path.encode("ascii"),
        routing=routing,
    )
    return Pages(site, settings.body_bytes_max, dict(_mounted(dependencies)))


def _mounted(dependencies: Dependencies) -> Mapping[str, ASGIApp]:
    operations = {operation.name: operation for operation in (*layout.OPERATIONS, *availability.OPERATIONS)}
    return {
        path: Endpoint(path, [_private(operations[name], path)], dependencies) for name, path in _FOR_SCRIPTS.items()
    }


def _private(operation: Operation[Views], path: str) -> Operation[Views]:
    """Return an operation whose answers only the browser may keep: it may be about a draft that few may see."""

    async def handler(views: Views, call: Call) -> Answer:
        answer = await operation.handler(views, call)
        answer.headers = tuple(
            (name, value.replace(b"public", b"private") if name == b"cache-control" else value)
            for name, value in answer.headers
        )
        return answer

    return replace(operation, path=path, handler=handler)
