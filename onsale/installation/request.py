"""What a client sends, and what becomes of it."""

from collections.abc import Callable
from typing import Literal, TypeAlias

Answer: TypeAlias = Literal["done", "taken", "busy"]
"""201 or 200; 409, the seats are taken; 503, nothing was done."""


class Request:
    """One request, until it is answered."""

    __slots__ = ("answered", "client", "event", "queued_at", "seats", "sent_at", "urgent")

    def __init__(
        self,
        event: int,
        seats: int,
        sent_at: float,
        answered: "Callable[[Request, Answer, float], None]",
        *,
        client: int = 0,
        urgent: bool = False,
    ) -> None:
        """Describe a request.

        Args:
            event: The number of its event.
            seats: How many it holds.
            sent_at: When its client sent it.
            answered: Called with the answer and the time at which the client has it, which may be a little later than
                now: the answers of a batch go out one after another.
            client: Whose it is.
            urgent: Whether it goes ahead of new reservations, as a confirmation does.
        """
        self.event = event
        self.seats = seats
        self.sent_at = sent_at
        self.answered = answered
        self.client = client
        self.urgent = urgent
        self.queued_at = 0.0
