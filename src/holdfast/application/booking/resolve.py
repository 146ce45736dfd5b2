"""The steps that confirming and cancelling share: find the event, queue, return the outcome."""

from holdfast.application.booking.booking import Booking
from holdfast.domain.booking.commands import Cancel, Confirm, Done, Refused
from holdfast.telemetry import context


async def resolve(booking: Booking, command: Confirm | Cancel) -> Done:
    """Have a confirmation or cancellation decided in its event's queue."""
    event_id = await booking.directory.event_of(command.reservation_id, user_id=command.user_id)
    outcome, batch = await booking.batcher.submit(event_id, command)
    context.note_batch(batch)
    if isinstance(outcome, Refused):
        raise outcome.refusal
    assert isinstance(outcome, Done)
    return outcome
