"""Caches valid tokens for a minute, so that a buyer's next request needs no second check."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from holdfast.application.identity.tokens import VerifiedToken
from holdfast.infrastructure.oidc.key_cache import KeyCache
from holdfast.infrastructure.oidc.keys import KeySet

SECONDS_MAX = 60
"""How long a token is not checked again."""
VERDICTS_MAX = 16_384
"""Cached tokens, of about 700 bytes each; beyond this the oldest is removed."""


@dataclass(frozen=True, slots=True)
class _Verdict:
    verified: VerifiedToken
    until: float
    """Monotonic time: the wall clock may be set back, which would keep expired tokens."""
    keys: KeyCache
    key_set: KeySet
    """The keys it was checked with; the entry is invalid once the issuer has others."""


class Verdicts:
    """Valid tokens by their SHA-256, so that no credential stays in memory. Invalid ones are not cached.

    Nobody can fill the cache with made-up tokens, because only signed ones are added.
    """

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic, verdicts_max: int = VERDICTS_MAX) -> None:
        self._monotonic = monotonic
        self._verdicts_max = verdicts_max
        self._verdicts: dict[bytes, _Verdict] = {}

    def __len__(self) -> int:
        return len(self._verdicts)

    def find(self, digest: bytes) -> VerifiedToken | None:
        """Return what a token proved; None if it is not cached or no longer valid."""
        verdict = self._verdicts.get(digest)
        if verdict is None:
            return None
        if self._monotonic() < verdict.until and verdict.keys.key_set is verdict.key_set:
            return verdict.verified
        del self._verdicts[digest]
        return None

    def keep(self, digest: bytes, verified: VerifiedToken, keys: KeyCache, key_set: KeySet, *, now: float) -> None:
        """Cache a token until it expires, for at most `SECONDS_MAX`.

        Args:
            digest: Its cache key.
            verified: What it proved.
            keys: Its issuer's keys.
            key_set: The keys that it was checked with.
            now: The node's wall clock at the check.
        """
        seconds = min(verified.expires_at - now, SECONDS_MAX)
        if seconds <= 0:
            return
        if len(self._verdicts) >= self._verdicts_max and digest not in self._verdicts:
            del self._verdicts[next(iter(self._verdicts))]
        self._verdicts[digest] = _Verdict(verified, self._monotonic() + seconds, keys, key_set)


def digest_of(token: bytes) -> bytes:
    """Return the cache key of a token."""
    return sha256(token).digest()
