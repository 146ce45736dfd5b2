"""The gate of an installation without Redis."""

from uuid import UUID

from holdfast.domain.booking.commands import Reserve


class OpenGate:
    """`application.booking.ports.Gate` for an installation without Redis: every request passes."""

    async def acquire(self, event_id: UUID, wish: Reserve) -> bool:  # noqa: ARG002 - the port's names
        """Let the request pass."""
        return True

    def release(self, wish: Reserve) -> None:
        """Do nothing: nothing was locked."""

    async def close(self) -> None:
        """Do nothing: nothing was opened."""
