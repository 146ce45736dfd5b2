"""Puts the API together: the route table, the endpoints made from it, and Starlette's router around them."""

from collections.abc import Callable

import msgspec
from prometheus_client import generate_latest
from starlette.routing import Route, Router

from holdfast.api.cors import CorsPolicy
from holdfast.api.endpoint import Endpoint, Surroundings, unmatched
from holdfast.api.limits import ApiSettings
from holdfast.api.openapi import openapi_document
from holdfast.api.operation import Operation
from holdfast.api.paths import PathTable
from holdfast.api.public_url import PublicUrl
from holdfast.api.routes import route_table
from holdfast.api.service import HealthFacts
from holdfast.application.desk import Desk
from holdfast.application.readiness import Readiness


def build_app(
    desk: Desk,
    settings: ApiSettings,
    *,
    health_facts: HealthFacts | None = None,
    exposition: Callable[[], bytes] = generate_latest,
    readiness: Readiness | None = None,
) -> PathTable:
    """Build the ASGI application.

    Args:
        desk: What the handlers call.
        settings: What an operator may set.
        health_facts: More strings for GET /health, by name.
        exposition: Gives the metrics in Prometheus' text format.
        readiness: Looks at what GET /readyz tells of.
    """
    written = b""
    public = PublicUrl(settings.public_url)
    operations = route_table(
        health_facts=health_facts, exposition=exposition, document=lambda: written, readiness=readiness, public=public
    )
    written = msgspec.json.encode(openapi_document(operations, server=public.server))
    surroundings = Surroundings(
        desk=desk,
        cors=CorsPolicy(settings.cors_allow_origins),
        body_bytes_max=settings.body_bytes_max,
        public_path=public.path.encode("ascii"),
    )
    endpoints = {path: Endpoint(path, on_path, surroundings) for path, on_path in _by_path(operations).items()}
    # The router's patterns end with `$`, and so before a line feed too: no path is left to it that the table knows.
    routes = [Route(path, endpoint) for path, endpoint in endpoints.items() if not PathTable.takes(path)]
    return PathTable(endpoints, Router(routes, redirect_slashes=False, default=unmatched(surroundings)))


def _by_path(operations: list[Operation]) -> dict[str, list[Operation]]:
    by_path: dict[str, list[Operation]] = {}
    for operation in operations:
        by_path.setdefault(operation.path, []).append(operation)
    return by_path
