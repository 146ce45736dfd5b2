"""The route table of the probes."""

from typing import Any

from holdfast.api import readiness
from holdfast.api.operation import Operation, Success
from holdfast.api.problems import NotReady
from holdfast.application.readiness import Readiness


def operations(looking: Readiness | None) -> list[Operation]:
    """List the probes of whoever runs the nodes.

    Args:
        looking: See `readiness.ready`.
    """
    live = Operation(
        method="GET",
        path="/livez",
        name="live",
        tag="service",
        summary="Tell that the process is up",
        handler=readiness.live,
        uses_desk=False,
        success=Success(status=200, description="It is.", body=dict[str, str], example={"status": "ok"}),
    )
    ready = Operation(
        method="GET",
        path="/readyz",
        name="ready",
        tag="service",
        summary="Tell whether requests should be sent to this node",
        description=(
            "`ready`, or `degraded`: requests are answered, and `parts` says what does not work as it should. "
            "Else 503, also while the node is about to end."
        ),
        handler=readiness.ready(looking),
        uses_desk=False,
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
    )
    return [live, ready]
