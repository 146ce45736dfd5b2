"""The route table: every operation, in the order in which paths are matched, the busiest first.

The routes, the OpenAPI document, metric labels and tests are all built from it.
"""

from typing import Any

from holdfast.api import availability, documentation, events, probes, reservations, seat_additions, seats
from holdfast.http.endpoints.operation import Operation

OPERATIONS: tuple[Operation[Any], ...] = (
    *reservations.OPERATIONS,
    *seats.OPERATIONS,
    *seat_additions.OPERATIONS,
    *availability.OPERATIONS,
    *events.OPERATIONS,
    *documentation.OPERATIONS,
    *probes.OPERATIONS,
)
