"""When keys were last used: recorded in memory by requests, and stored periodically."""

from uuid import UUID

from holdfast.application.identity.ports import Bookkeeping

ROUND_SECONDS = 60.0
"""Between two calls of `record`. Uses since the last call are lost if the process is killed."""


class KeyUses:
    """Collects the keys that were used."""

    def __init__(self, bookkeeping: Bookkeeping) -> None:
        self._bookkeeping = bookkeeping
        self._used: set[UUID] = set()
        """At most as many as there are live keys used within one round."""

    def note(self, key_id: UUID) -> None:
        """Record that a key was used."""
        self._used.add(key_id)

    async def record(self) -> None:
        """Store the uses since the last call.

        Raises:
            ConnectionLost, Contended: They could not be stored; the next round tries again.
        """
        if not self._used:
            return
        recording, self._used = self._used, set()
        try:
            await self._bookkeeping.record_uses(sorted(recording))
        except BaseException:
            self._used |= recording
            raise
