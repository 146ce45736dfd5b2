"""The key that signs and the public keys, as one process knows them."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import structlog

from holdfast.application.coalescer import Coalescer
from holdfast.application.failures import ConnectionLost, OperationalFailure
from holdfast.application.insistence import insistently
from holdfast.application.tickets.ports import KeyStore, PrivateKey, Sign, Signatures
from holdfast.domain.tickets.keys import StoredTicketKey

log = structlog.get_logger(__name__)

KNOWN_SECONDS = 10.0
"""How long keys are used before they are read again. That long after a rotation the old key may still sign, which does
no harm: it is still valid. After a revocation, a code of these seconds has to be shown once more."""
AWAY_SECONDS_MAX = 60.0
"""How long public keys are given away that cannot be read again: one of them may have been revoked in the meantime. The
key that signs is used for as long as that takes, since at worst the door refuses what it signed."""
_ASKERS_MAX = 100_000


@dataclass(frozen=True, slots=True)
class Signer:
    """The key that signs, ready for use."""

    key_id: bytes
    sign: Sign


@dataclass(frozen=True, slots=True)
class _Known:
    signer: Signer
    keys: Sequence[StoredTicketKey]
    read_at: float
    until: float


class KeyRing:
    """Reads the keys once for all who need them at a time, and makes the first key when it is needed."""

    def __init__(self, store: KeyStore, signatures: Signatures, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._signatures = signatures
        self._clock = clock
        self._known: _Known | None = None
        # In a task of its own: a COMMIT goes on if the caller who happened to be the first leaves.
        self._reads: Coalescer[None, None, _Known] = Coalescer(self._read, questions_max=_ASKERS_MAX)

    async def signer(self) -> Signer:
        """Return the key that signs.

        Raises:
            ConnectionLost, Contended: It could not be read.
        """
        return (await self._fresh()).signer

    async def public_keys(self) -> list[bytes]:
        """Return the keys whose signatures count, newest first; there is at least one.

        Raises:
            ConnectionLost, Contended: They could not be read.
        """
        known = await self._fresh()
        if self._clock() > known.read_at + AWAY_SECONDS_MAX:
            raise ConnectionLost("the keys of tickets could not be read for too long")
        return [key.public for key in known.keys if key.revoked_at is None]

    def forget(self) -> None:
        """Read the keys again before they are used the next time."""
        self._known = None

    async def _fresh(self) -> _Known:
        known = self._known
        if known is not None and self._clock() < known.until:
            return known
        return await self._reads.ask(None, None)

    async def _read(self, _: None, askers: Sequence[None]) -> list[_Known]:
        known = self._known
        if known is None or self._clock() >= known.until:
            known = self._known = await self._read_again(known)
        return [known] * len(askers)

    async def _read_again(self, known: _Known | None) -> _Known:
        """Read the keys; while that fails, use those that are known.

        They are in cell 0. Without them, nobody could show a ticket at the door of an event in a cell that works.
        """
        try:
            return await self._read_keys()
        except OperationalFailure:
            if known is None:
                raise
            return replace(known, until=self._clock() + KNOWN_SECONDS)

    async def _read_keys(self) -> _Known:
        began_at = self._clock()
        until = began_at + KNOWN_SECONDS
        private = await self._store.signing() or await self._make_first()
        keys = await self._store.keys()
        earlier = self._known
        if earlier is not None and earlier.signer.key_id == private.id:
            return _Known(earlier.signer, keys, began_at, until)
        # In a thread, since the library is imported for the first key.
        sign = await asyncio.to_thread(self._signatures.signer, private.private)
        return _Known(Signer(private.id, sign), keys, began_at, until)

    async def _make_first(self) -> PrivateKey:
        pair = await asyncio.to_thread(self._signatures.new_pair)
        key = await insistently(lambda: self._store.make_first(pair), "ticket_key_not_stored")
        if key.id == pair.id:
            log.info("ticket_key_made", key_id=pair.id.hex())
        return key
