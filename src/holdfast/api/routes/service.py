"""The route table of everything beside the API itself."""

from collections.abc import Callable
from typing import Any

from holdfast.api import service
from holdfast.api.operation import Operation, Success
from holdfast.api.public_url import PublicUrl
from holdfast.api.routes.paging import BASE
from holdfast.api.service import HealthFacts


def operations(
    *,
    health_facts: HealthFacts | None,
    exposition: Callable[[], bytes],
    document: Callable[[], bytes],
    public: PublicUrl,
) -> list[Operation]:
    """List what is served beside the API itself.

    Args:
        health_facts: See `service.health`.
        exposition: Gives the metrics in Prometheus' text format.
        document: Gives the OpenAPI document.
        public: Where callers find the service.
    """
    return [*_probes(health_facts, exposition), *_pages(document, public)]


def _probes(health_facts: HealthFacts | None, exposition: Callable[[], bytes]) -> list[Operation]:
    answer_health = service.health(health_facts)
    health = [
        Operation(
            method="GET",
            path=path,
            name=name,
            tag="service",
            summary="Tell that the process can answer",
            handler=answer_health,
            uses_desk=False,
            success=Success(
                status=200,
                description="It can. Every value is a string.",
                body=dict[str, str],
                example={"status": "ok", "timestamp": "2031-02-03T04:05:06.789012+00:00"},
            ),
        )
        for path, name in (("/health", "health"), (f"{BASE}/health", "health_of_api"))
    ]
    metrics = Operation(
        method="GET",
        path="/metrics",
        name="metrics",
        tag="service",
        summary="Metrics for Prometheus",
        handler=service.metrics(exposition),
        uses_desk=False,
        success=Success(status=200, description="Prometheus' text format.", media_type="text/plain"),
    )
    return [*health, metrics]


def _pages(document: Callable[[], bytes], public: PublicUrl) -> list[Operation]:
    openapi = Operation(
        method="GET",
        path="/openapi.json",
        name="openapi",
        tag="service",
        summary="This document",
        handler=service.document(document),
        uses_desk=False,
        success=Success(status=200, description="OpenAPI 3.0.", body=dict[str, Any]),
    )
    pages = [
        Operation(
            method="GET",
            path=path,
            name=name,
            tag="pages",
            summary=summary,
            handler=handler,
            uses_desk=False,
            in_document=False,
            success=Success(status=status, description="", media_type=None),
        )
        for path, name, summary, handler, status in (
            ("/", "welcome", "Where to go from here", service.welcome(public), 200),
            ("/swagger", "swagger_short", "To the page", service.to_the_page(public, "swagger/index.html"), 307),
            ("/swagger/", "swagger_folder", "To the page", service.to_the_page(public, "index.html"), 307),
            ("/swagger/{asset}", "swagger", "The page and its files", service.swagger(public), 200),
        )
    ]
    return [openapi, *pages]
