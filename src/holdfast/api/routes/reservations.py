"""The route table of reservations, the busiest first."""

from holdfast.api import bodies, examples, reservations
from holdfast.api.operation import Link, Operation, Success
from holdfast.api.routes.paging import BASE, PAGE
from holdfast.domain import errors


def operations() -> list[Operation]:
    """List what can be done with reservations."""
    one = Success(status=200, description="The reservation.", body=bodies.ReservationBody, event_version=True)
    return [
        Operation(
            method="POST",
            path=f"{BASE}/reservations",
            name="reserve",
            tag="reservations",
            summary="Hold seats",
            description=(
                "Holds every seat of the wish for 15 minutes, or none. The key belongs to its user and event: sent "
                "again with the same seats, in any order, it gives the same reservation in its present state."
            ),
            handler=reservations.reserve,
            needs_user=True,
            request=(bodies.ReservationInput,),
            request_examples={"two seats": examples.WISH},
            success=Success(
                status=201,
                description="The reservation, pending; after a replay in its present state.",
                body=bodies.ReservationBody,
                event_version=True,
                replayed=True,
                example=examples.RESERVATION,
                links=(Link("get_reservation", "id"), Link("confirm", "id"), Link("cancel", "id")),
            ),
            refusals=(
                errors.IdempotencyKeyReused,
                errors.EventNotFound,
                errors.BookingClosed,
                errors.SeatsNotFound,
                errors.SeatsUnavailable,
            ),
        ),
        Operation(
            method="GET",
            path=f"{BASE}/reservations",
            name="list_reservations",
            tag="reservations",
            summary="List the caller's reservations, newest first",
            handler=reservations.find_all,
            needs_user=True,
            query=PAGE,
            success=Success(
                status=200,
                description="The caller's reservations.",
                body=list[bodies.ReservationBody],
                example=[examples.RESERVATION],
            ),
        ),
        Operation(
            method="POST",
            path=f"{BASE}/reservations/{{id}}/confirm",
            name="confirm",
            tag="reservations",
            summary="Buy the held seats",
            description="The body is empty. A confirmed reservation is answered unchanged.",
            handler=reservations.confirm,
            needs_user=True,
            success=one,
            refusals=(errors.ReservationNotFound, errors.HoldExpired, errors.AlreadyCancelled),
        ),
        Operation(
            method="POST",
            path=f"{BASE}/reservations/{{id}}/cancel",
            name="cancel",
            tag="reservations",
            summary="Give the held seats back",
            description="The body is empty. A cancelled or expired reservation is answered unchanged.",
            handler=reservations.cancel,
            needs_user=True,
            success=one,
            refusals=(errors.ReservationNotFound, errors.AlreadyConfirmed),
        ),
        Operation(
            method="GET",
            path=f"{BASE}/reservations/{{id}}",
            name="get_reservation",
            tag="reservations",
            summary="Show a reservation of the caller",
            handler=reservations.find,
            needs_user=True,
            success=one,
            refusals=(errors.ReservationNotFound,),
        ),
    ]
