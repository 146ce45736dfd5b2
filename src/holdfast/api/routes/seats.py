"""The route table of seats."""

from holdfast.api import bodies, examples, seat_reads, seats
from holdfast.api.operation import Link, Operation, QueryParameter, Success
from holdfast.api.routes.paging import BASE
from holdfast.domain import errors

_AVAILABLE = QueryParameter("available", "`true` keeps available seats only; all else counts as not given.", "true")


def operations() -> list[Operation]:
    """List what can be done with seats."""
    refusals = (errors.EventNotFound, errors.SeatNumberTaken, errors.SeatsExceedTotal)
    return [
        Operation(
            method="GET",
            path=f"{BASE}/events/{{event_id}}/seats",
            name="list_seats",
            tag="seats",
            summary="List an event's seats by number, in code-point order",
            handler=seat_reads.find_all,
            query=(_AVAILABLE,),
            success=Success(
                status=200,
                description="All seats, or the available ones.",
                body=list[bodies.SeatBody],
                event_version=True,
                example=[examples.SEAT],
            ),
            refusals=(errors.EventNotFound,),
        ),
        Operation(
            method="POST",
            path=f"{BASE}/events/{{event_id}}/seats",
            name="add_seat",
            tag="seats",
            summary="Add a seat",
            handler=seats.add_one,
            request=(bodies.SeatInput,),
            request_examples={"a seat": examples.SEAT_INPUT},
            success=Success(
                status=201,
                description="The seat.",
                body=bodies.SeatBody,
                event_version=True,
                example=examples.SEAT,
                links=(Link("get_seat", "id"),),
            ),
            refusals=refusals,
        ),
        Operation(
            method="GET",
            path=f"{BASE}/events/{{event_id}}/seats/available/count",
            name="count_available_seats",
            tag="seats",
            summary="Count the available seats",
            handler=seat_reads.count_available,
            success=Success(status=200, description="The count.", body=bodies.CountBody, event_version=True),
            refusals=(errors.EventNotFound,),
        ),
        Operation(
            method="GET",
            path=f"{BASE}/seats/{{id}}",
            name="get_seat",
            tag="seats",
            summary="Show a seat",
            handler=seats.find,
            success=Success(status=200, description="The seat.", body=bodies.SeatBody, event_version=True),
            refusals=(errors.SeatNotFound,),
        ),
        Operation(
            method="POST",
            path=f"{BASE}/events/{{event_id}}/seats/bulk",
            name="add_seats",
            tag="seats",
            summary="Add many seats: all or none",
            description=(
                "Either `prefix`, `count` and `price`, for seats PREFIX-1 to PREFIX-count: the answer is an array "
                "in counting order. Or `seats`: the answer is an object with `seats` in the order given."
            ),
            handler=seats.add_many,
            request=(bodies.NumberedSeatsInput, bodies.ListedSeatsInput),
            request_examples={"numbered": examples.NUMBERED_SEATS, "listed": examples.LISTED_SEATS},
            success=Success(
                status=201,
                description="The seats.",
                body=(list[bodies.SeatBody], bodies.SeatsBody),
                event_version=True,
                example={"seats": [examples.SEAT]},
            ),
            refusals=refusals,
        ),
    ]
