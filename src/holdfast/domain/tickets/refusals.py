"""Refusals about tickets and their keys."""

from uuid import UUID

from holdfast.domain.refusal import Conflict, NotFound


class TicketsNotIssued(Conflict):
    """A reservation has no tickets, because it is not confirmed."""

    code = "tickets_not_issued"

    def __init__(self, reservation_id: UUID, status: str) -> None:
        super().__init__(
            f"The reservation is {status}; it has tickets once it is confirmed.",
            reservation_id=str(reservation_id),
            reservation_status=status,
        )


class TicketKeyNotFound(NotFound):
    """There is no such key."""

    code = "ticket_key_not_found"

    def __init__(self, key_id: str) -> None:
        super().__init__("There is no such ticket key.", key_id=key_id)
