"""Assembles the API: endpoints built from the route table, inside Starlette's router."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from prometheus_client import generate_latest
from starlette.routing import Route, Router
from starlette.types import ASGIApp

from holdfast.api.document import document_bytes
from holdfast.api.identity.admission import Admission
from holdfast.api.operations import OPERATIONS
from holdfast.api.problems import PROBLEMS, headers_of_refusal
from holdfast.api.service.documentation import Documentation
from holdfast.api.service.probes import HealthFacts, NodeState
from holdfast.api.settings import ApiSettings
from holdfast.application.lifecycle.readiness import Readiness
from holdfast.http.endpoints.cors import CorsPolicy
from holdfast.http.endpoints.endpoint import Dependencies, Endpoint, unmatched
from holdfast.http.endpoints.operation import Operation
from holdfast.http.endpoints.paths import PathTable
from holdfast.http.endpoints.problems import Problems
from holdfast.http.endpoints.public_url import PublicUrl
from holdfast.http.endpoints.routing import Routing
from holdfast.telemetry.exposition import Account


class Pages(Protocol):
    """The pages, which the API lets in where it has nothing to say itself."""

    def root(self, otherwise: ASGIApp) -> ASGIApp:
        """Return what answers `/`."""
        ...

    def unmatched(self, otherwise: ASGIApp) -> ASGIApp:
        """Return what answers paths that the API does not know."""
        ...


def build_app(
    capabilities: Mapping[type, object],
    settings: ApiSettings,
    admission: Admission,
    *,
    health_facts: HealthFacts | None = None,
    exposition: Callable[[], bytes] = generate_latest,
    readiness: Readiness | None = None,
    pages: Pages | None = None,
    routing: Routing | None = None,
) -> PathTable:
    """Build the ASGI application.

    Args:
        capabilities: The parts the handlers work with, by type (`Booking`, `Catalogue`, …): all that operations need.
        settings: The settings that concern the API.
        admission: Lets callers in.
        health_facts: Additional strings for GET /health, by name.
        exposition: Returns the metrics in Prometheus' text format.
        readiness: Runs the probes behind GET /readyz.
        pages: The pages beside the API; None for none.
        routing: Knows in which database everything is; None if there is only one.
    """
    public = PublicUrl(settings.public_url)
    dependencies = Dependencies(
        capabilities={
            **capabilities,
            NodeState: NodeState(Account(exposition), readiness, health_facts),
            Documentation: Documentation(document_bytes(server=public.server), public),
        },
        problems=Problems(PROBLEMS, headers_of_refusal),
        admission=admission.to,
        cors=CorsPolicy(settings.cors_allow_origins, own_origin=public.origin),
        body_bytes_max=settings.body_bytes_max,
        public_path=public.path.encode("ascii"),
        routing=routing,
    )
    endpoints: dict[str, ASGIApp] = {
        path: Endpoint(path, on_path, dependencies) for path, on_path in _by_path().items()
    }
    # The router's patterns end with `$`, which also matches before a final line feed. So the router gets none of the
    # paths that the table can match exactly.
    routes = [Route(path, endpoint) for path, endpoint in endpoints.items() if not PathTable.takes(path)]
    otherwise: ASGIApp = unmatched(dependencies)
    if pages is not None:
        endpoints["/"] = pages.root(endpoints["/"])
        otherwise = pages.unmatched(otherwise)
    return PathTable(endpoints, Router(routes, redirect_slashes=False, default=otherwise))


def _by_path() -> dict[str, list[Operation[Any]]]:
    by_path: dict[str, list[Operation[Any]]] = {}
    for operation in OPERATIONS:
        by_path.setdefault(operation.path, []).append(operation)
    return by_path
