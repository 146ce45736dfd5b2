"""The route table: every operation, in the order in which paths are matched, the busiest first.

The routes, the OpenAPI document, metric labels and tests are all built from it.
"""

from dataclasses import replace
from typing import Any

from holdfast.api import events, hold_changes, reservations
from holdfast.api.channels import channels
from holdfast.api.channels import seats as channel_seats
from holdfast.api.halls import categories, hall, layout
from holdfast.api.identity import api_keys, audit, organisers
from holdfast.api.reports import reservations as reported_reservations
from holdfast.api.reports import sales
from holdfast.api.seats import additions as seat_additions
from holdfast.api.seats import availability
from holdfast.api.seats import reads as seats
from holdfast.api.service import documentation, probes, ticket_keys
from holdfast.application.identity.rules import RULES, Kind
from holdfast.application.identity.verbs import Verb
from holdfast.domain.identity.refusals import ConflictingCredentials, Forbidden, Unauthenticated
from holdfast.domain.refusal import Refusal
from holdfast.http.endpoints.operation import Operation

_WRITTEN: tuple[Operation[Any], ...] = (
    *reservations.OPERATIONS,
    *hold_changes.OPERATIONS,
    *seats.OPERATIONS,
    *seat_additions.OPERATIONS,
    *availability.OPERATIONS,
    *channels.OPERATIONS,
    *channel_seats.OPERATIONS,
    *categories.OPERATIONS,
    *hall.OPERATIONS,
    *layout.OPERATIONS,
    *events.OPERATIONS,
    *reported_reservations.OPERATIONS,
    *sales.OPERATIONS,
    *organisers.OPERATIONS,
    *api_keys.OPERATIONS,
    *audit.OPERATIONS,
    *documentation.OPERATIONS,
    *probes.OPERATIONS,
    *ticket_keys.OPERATIONS,
)


def _with_refusals(operation: Operation[Any]) -> Operation[Any]:
    """Add what may be refused because of who asks; the policy's table knows where."""
    rule = RULES[Verb(operation.name)]
    if rule.kind is Kind.SERVICE:
        return operation
    more: list[type[Refusal]] = [Unauthenticated, ConflictingCredentials]
    if not rule.public and rule.kind is not Kind.RESERVATION:
        more.append(Forbidden)
    kinds = (*operation.refusals, *(kind for kind in more if kind not in operation.refusals))
    return replace(operation, refusals=kinds)


OPERATIONS: tuple[Operation[Any], ...] = tuple(map(_with_refusals, _WRITTEN))
