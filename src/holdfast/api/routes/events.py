"""The route table of events."""

from holdfast.api import bodies, events, examples
from holdfast.api.operation import Link, Operation, Success
from holdfast.api.routes.paging import BASE, PAGE
from holdfast.domain import errors


def operations() -> list[Operation]:
    """List what can be done with events."""
    one = Success(
        status=200,
        description="The event.",
        body=bodies.EventBody,
        event_version=True,
        example=examples.EVENT,
    )
    return [
        Operation(
            method="GET",
            path=f"{BASE}/events/{{id}}",
            name="get_event",
            tag="events",
            summary="Show an event",
            handler=events.find,
            success=one,
            refusals=(errors.EventNotFound,),
        ),
        Operation(
            method="PUT",
            path=f"{BASE}/events/{{id}}",
            name="edit_event",
            tag="events",
            summary="Replace an event's details",
            handler=events.edit,
            request=(bodies.EventInput,),
            request_examples={"a concert": examples.EVENT_INPUT},
            success=one,
            refusals=(errors.EventNotFound, errors.SeatsExceedTotal),
        ),
        Operation(
            method="DELETE",
            path=f"{BASE}/events/{{id}}",
            name="delete_event",
            tag="events",
            summary="Delete an event of which nothing was sold",
            description="Its live holds are cancelled; its reservations stay readable.",
            handler=events.delete,
            success=Success(status=204, description="It is gone.", media_type=None),
            refusals=(errors.EventNotFound, errors.EventHasConfirmedReservations),
        ),
        Operation(
            method="GET",
            path=f"{BASE}/events",
            name="list_events",
            tag="events",
            summary="List events, newest first",
            handler=events.find_all,
            query=PAGE,
            success=Success(
                status=200, description="The events.", body=list[bodies.EventBody], example=[examples.EVENT]
            ),
        ),
        Operation(
            method="POST",
            path=f"{BASE}/events",
            name="create_event",
            tag="events",
            summary="Create an event",
            handler=events.create,
            request=(bodies.EventInput,),
            request_examples={"a concert": examples.EVENT_INPUT},
            success=Success(
                status=201,
                description="The event.",
                body=bodies.EventBody,
                event_version=True,
                example=examples.EVENT,
                links=(
                    *(Link(name, "id") for name in ("get_event", "edit_event", "delete_event")),
                    *(
                        Link(name, "event_id")
                        for name in ("list_seats", "add_seat", "add_seats", "count_available_seats")
                    ),
                ),
            ),
        ),
    ]
