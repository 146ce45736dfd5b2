"""The steps that all commands about a reservation share: find the event, queue, return the outcome."""

from collections.abc import Callable
from uuid import UUID

from holdfast.application.booking.booking import Booking
from holdfast.domain.booking.commands import Cancel, Confirm, Done, Extend, OfReservation, Refused
from holdfast.telemetry import context


async def resolve(booking: Booking, command: Confirm | Cancel | Extend) -> Done:
    """Have a buyer's command decided in the queue of the reservation's event."""
    event_id = await booking.directory.event_of(command.reservation_id, user_id=command.user_id)
    return await submit(booking, event_id, command)


async def submit(
    booking: Booking, event_id: UUID, command: OfReservation, *, on_finished: Callable[[], None] | None = None
) -> Done:
    """Have a command decided in the event's queue; see `Batcher.submit`."""
    outcome, batch = await booking.batcher.submit(event_id, command, on_finished=on_finished)
    context.note_batch(batch)
    if isinstance(outcome, Refused):
        raise outcome.refusal
    assert isinstance(outcome, Done)
    return outcome
