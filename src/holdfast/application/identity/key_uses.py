"""When keys were last used: noted in memory by requests, and stored now and then."""

from uuid import UUID

from holdfast.application.identity.ports import Bookkeeping

ROUND_SECONDS = 60.0
"""How far apart `record` is called. What was used since is lost with a process that is killed."""


class KeyUses:
    """Gathers which keys were used."""

    def __init__(self, bookkeeping: Bookkeeping) -> None:
        self._bookkeeping = bookkeeping
        self._used: set[UUID] = set()
        """As many as there are live keys that were used within a round."""

    def note(self, key_id: UUID) -> None:
        """Note that somebody was let in by a key."""
        self._used.add(key_id)

    async def record(self) -> None:
        """Store what was noted since the last time.

        Raises:
            ConnectionLost, Contended: it could not be stored; the next round tries again.
        """
        if not self._used:
            return
        recording, self._used = self._used, set()
        try:
            await self._bookkeeping.record_uses(sorted(recording))
        except BaseException:
            self._used |= recording
            raise
