"""The gate's null twin."""

from uuid import UUID

from holdfast.domain.booking.commands import Reserve


class OpenGate:
    """`application.booking.ports.Gate` for a system without Redis: everybody passes, and PostgreSQL decides."""

    async def acquire(self, event_id: UUID, wish: Reserve) -> bool:  # noqa: ARG002 - the port's names
        """Let everybody pass."""
        return True

    def release(self, wish: Reserve) -> None:
        """Nothing was locked."""

    async def close(self) -> None:
        """Nothing was opened."""
