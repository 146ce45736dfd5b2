"""The endpoints that machines poll: whether the process is up, whether it should receive requests, and its metrics."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST

from holdfast.api.paging import BASE
from holdfast.application.lifecycle.readiness import Readiness, Report
from holdfast.domain.refusal import Refusal
from holdfast.http.endpoints.answer import Answer, Header, json_answer
from holdfast.http.endpoints.call import Call
from holdfast.http.endpoints.operation import Operation, Success
from holdfast.telemetry.exposition import Account

HealthFacts = Callable[[], Awaitable[Mapping[str, str]]]

_METRICS: Header = (b"content-type", CONTENT_TYPE_LATEST.encode())


class NotReady(Refusal):
    """The node should not receive requests now."""

    code = "not_ready"

    def __init__(self, parts: Mapping[str, object]) -> None:
        super().__init__("Send requests to another node; `parts` says why.", parts=parts, outcome="none")


@dataclass(frozen=True, slots=True)
class NodeState:
    """What the probes report on."""

    account: Account
    """The metrics in Prometheus' text format."""
    readiness: Readiness | None = None
    """None if there are no parts to probe: the node is then always ready."""
    health_facts: HealthFacts | None = None
    """Additional strings for GET /health, by name. They do not affect `status`: a process that answers is alive."""


async def health(state: NodeState, _call: Call) -> Answer:
    """GET /health."""
    body = {"status": "ok", "timestamp": datetime.now(UTC).isoformat()}
    if state.health_facts is not None:
        body |= {name: str(fact) for name, fact in (await state.health_facts()).items() if name not in body}
    return json_answer(200, body)


async def metrics(state: NodeState, _call: Call) -> Answer:
    """GET /metrics."""
    return Answer(200, await state.account.give(), content_type=_METRICS)


async def live(_state: NodeState, _call: Call) -> Answer:
    """GET /livez: any response means that the process is up."""
    return json_answer(200, {"status": "ok"})


async def ready(state: NodeState, _call: Call) -> Answer:
    """GET /readyz."""
    report = Report({}) if state.readiness is None else await state.readiness.report()
    parts = {
        name: {"status": finding.state, **({"detail": finding.detail} if finding.detail else {})}
        for name, finding in report.parts.items()
    }
    if not report.ready:
        raise NotReady(parts)
    return json_answer(200, {"status": report.status, "parts": parts})


_HEALTH = Success(
    status=200,
    description="The process can answer. Every value is a string.",
    body=dict[str, str],
    example={"status": "ok", "timestamp": "2031-02-03T04:05:06.789012+00:00"},
)

OPERATIONS: tuple[Operation[Any], ...] = (
    *(
        Operation(
            method="GET",
            path=path,
            name=name,
            tag="service",
            summary="Check that the process can answer",
            needs=NodeState,
            handler=health,
            uses_database=False,
            success=_HEALTH,
        )
        for path, name in (("/health", "health"), (f"{BASE}/health", "health_of_api"))
    ),
    Operation(
        method="GET",
        path="/metrics",
        name="metrics",
        tag="service",
        summary="Show metrics for Prometheus",
        needs=NodeState,
        handler=metrics,
        uses_database=False,
        success=Success(status=200, description="Prometheus' text format.", media_type="text/plain"),
    ),
    Operation(
        method="GET",
        path="/livez",
        name="live",
        tag="service",
        summary="Check that the process is up",
        needs=NodeState,
        handler=live,
        uses_database=False,
        success=Success(status=200, description="It is.", body=dict[str, str], example={"status": "ok"}),
    ),
    Operation(
        method="GET",
        path="/readyz",
        name="ready",
        tag="service",
        summary="Check whether requests should be sent to this node",
        description=(
            "`ready`, or `degraded`: requests are answered, but `parts` names what does not work properly. "
            "Otherwise 503, also while the node is shutting down."
        ),
        needs=NodeState,
        handler=ready,
        uses_database=False,
        success=Success(
            status=200,
            description="They should.",
            body=dict[str, Any],
            example={
                "status": "degraded",
                "parts": {
                    "node": {"status": "ok"},
                    "postgresql": {"status": "ok"},
                    "schema": {"status": "ok"},
                    "queues": {"status": "ok"},
                    "redis": {"status": "degraded", "detail": "Redis does not answer."},
                },
            },
        ),
        refusals=(NotReady,),
    ),
)
