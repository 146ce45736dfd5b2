"""Limits on those who hold seats only to keep them from others. Both are off unless a setting turns them on."""

from collections.abc import Awaitable, Callable
from typing import assert_never
from uuid import UUID

from holdfast.application.booking.ports import HoldLimits, TooMany, TooSoon
from holdfast.application.booking.shared_read import SharedRead
from holdfast.application.client_networks import network_of
from holdfast.application.failures import Unavailable
from holdfast.domain.booking.commands import Done, Reserve
from holdfast.domain.booking.refusals import IdempotencyKeyReused, ReholdTooSoon, TooManyHolds
from holdfast.domain.booking.reservation import Reservation
from holdfast.domain.booking.snapshot import Changes
from holdfast.domain.booking.states import CancelReason, ReservationStatus

_LET_GO = (CancelReason.USER, CancelReason.EXPIRED)


class Hoarding:
    """Refuses new holds to an address that made too many, and to a buyer who keeps letting holds go."""

    def __init__(self, limits: HoldLimits, shared_read: SharedRead) -> None:
        self._limits = limits
        self._shared_read = shared_read

    async def hold(
        self, event_id: UUID, wish: Reserve, address: str | None, reserve: Callable[[], Awaitable[Done]]
    ) -> Done:
        """Call `reserve` unless a limit forbids another hold.

        A replay is never refused. Only when a limit would refuse is it looked up whether the request is one, so a
        request within the limits costs no read. What made no new hold (a refusal, a replay) is given back to the
        address: buyers behind one address who lose a race for their seats may try again as often as anybody else.

        Args:
            event_id: The event.
            wish: The buyer's request.
            address: The address that it came from; None if it has no budget.
            reserve: Makes the hold.

        Raises:
            TooManyHolds, ReholdTooSoon: if a limit forbids it.
            IdempotencyKeyReused: if a limit forbids it, and its key belongs to other seats.
            ConnectionLost, Contended: if the look-up of a replay failed; nothing happened.
        """
        network = None if address is None else network_of(address)
        verdict = await self._limits.admit(event_id, wish.user_id, network)
        if verdict is not None:
            await self._refuse_unless_replay(event_id, wish, verdict)
            return await reserve()
        try:
            done = await reserve()
        except Exception as failure:
            if network is not None and not (isinstance(failure, Unavailable) and failure.outcome == "unknown"):
                self._limits.give_back(network)
            raise
        if network is not None and done.replayed:
            self._limits.give_back(network)
        return done

    async def _refuse_unless_replay(self, event_id: UUID, wish: Reserve, verdict: TooMany | TooSoon) -> None:
        seen = await self._shared_read.look(event_id, wish)
        if isinstance(seen, Reservation):
            return
        if isinstance(seen, IdempotencyKeyReused):
            raise seen
        match verdict:
            case TooMany():
                raise TooManyHolds(verdict.seconds)
            case TooSoon():
                raise ReholdTooSoon(event_id, verdict.seconds)
            case _:
                assert_never(verdict)


class LetGoHolds:
    """A `CommitListener` that counts the holds which buyers released, or left to expire."""

    def __init__(self, limits: HoldLimits) -> None:
        self._limits = limits

    def committed(self, event_id: UUID, changes: Changes) -> None:
        """Count what a batch released. Holds that were sold, or that the seller ended, do not count."""
        for before, after in changes.changed:
            if before.status is ReservationStatus.PENDING and after.cancel_reason in _LET_GO:
                self._limits.let_go(event_id, after.user_id)
