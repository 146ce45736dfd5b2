"""Remembers for a minute which tokens were found good, so that a buyer's next request costs no second check."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from holdfast.application.identity.tokens import VerifiedToken
from holdfast.infrastructure.oidc.key_cache import KeyCache
from holdfast.infrastructure.oidc.keys import KeySet

SECONDS_MAX = 60
"""For which a token is not looked at again."""
VERDICTS_MAX = 16_384
"""Tokens remembered, of about 700 bytes each; then the oldest goes."""


@dataclass(frozen=True, slots=True)
class _Verdict:
    verified: VerifiedToken
    until: float
    """Monotonic: the wall clock may be set back, and would then keep what has run out."""
    keys: KeyCache
    key_set: KeySet
    """The keys at the time; once the issuer has others, the verdict counts no more."""


class Verdicts:
    """Good tokens by their SHA-256: what is kept in memory for a while is no credential. Bad ones are not kept.

    Nobody can fill it with tokens of their own making, since only what an issuer signed comes in.
    """

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic, verdicts_max: int = VERDICTS_MAX) -> None:
        self._monotonic = monotonic
        self._verdicts_max = verdicts_max
        self._verdicts: dict[bytes, _Verdict] = {}

    def __len__(self) -> int:
        return len(self._verdicts)

    def find(self, digest: bytes) -> VerifiedToken | None:
        """Find what a token proved, if that is still to be believed."""
        verdict = self._verdicts.get(digest)
        if verdict is None:
            return None
        if self._monotonic() < verdict.until and verdict.keys.key_set is verdict.key_set:
            return verdict.verified
        del self._verdicts[digest]
        return None

    def keep(self, digest: bytes, verified: VerifiedToken, keys: KeyCache, key_set: KeySet, *, now: float) -> None:
        """Remember a token, until it runs out and for `SECONDS_MAX` at most.

        Args:
            digest: Its name here.
            verified: What it proved.
            keys: Its issuer's keys.
            key_set: The keys that it was checked with.
            now: The node's wall clock, by which it was checked.
        """
        seconds = min(verified.expires_at - now, SECONDS_MAX)
        if seconds <= 0:
            return
        if len(self._verdicts) >= self._verdicts_max and digest not in self._verdicts:
            del self._verdicts[next(iter(self._verdicts))]
        self._verdicts[digest] = _Verdict(verified, self._monotonic() + seconds, keys, key_set)


def digest_of(token: bytes) -> bytes:
    """Make the name under which a token is remembered."""
    return sha256(token).digest()
