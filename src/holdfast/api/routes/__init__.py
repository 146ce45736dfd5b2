"""The route table: everything that is served, in the order in which paths are matched, the busiest first.

Routing, the OpenAPI document, metric labels and tests are all made from it.
"""

from collections.abc import Callable

from holdfast.api.operation import Operation
from holdfast.api.public_url import PublicUrl
from holdfast.api.routes import availability, events, probes, reservations, seats, service
from holdfast.api.service import HealthFacts
from holdfast.application.readiness import Readiness


def route_table(
    *,
    health_facts: HealthFacts | None,
    exposition: Callable[[], bytes],
    document: Callable[[], bytes],
    readiness: Readiness | None = None,
    public: PublicUrl | None = None,
) -> list[Operation]:
    """Put the whole table together (for the arguments see `routes.service.operations` and `routes.probes`)."""
    beside = service.operations(
        health_facts=health_facts, exposition=exposition, document=document, public=public or PublicUrl()
    )
    beside += probes.operations(readiness)
    return [*reservations.operations(), *seats.operations(), *availability.operations(), *events.operations(), *beside]
