"""What confirming and cancelling share: find the event, queue, answer."""

from structlog.contextvars import bind_contextvars

from holdfast.application.desk import Desk
from holdfast.domain.commands import Cancel, Confirm, Done, Refused


async def resolve(desk: Desk, command: Confirm | Cancel) -> Done:
    """Have a confirmation or cancellation decided in its event's queue."""
    event_id = await desk.owners.event_of(command.reservation_id, user_id=command.user_id)
    outcome, batch = await desk.batcher.submit(event_id, command)
    bind_contextvars(batch=batch)
    if isinstance(outcome, Refused):
        raise outcome.refusal
    assert isinstance(outcome, Done)
    return outcome
