"""Proving who asks by a token: what the application wants to know, and how it is told no."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedToken:
    """What a token proved."""

    issuer_short: str
    """The issuer's name in `OIDC_ISSUERS`."""
    subject: str
    """The token's `sub`."""
    user_id: str
    """`issuer_short:subject`: under which a buyer's reservations stand."""
    roles: frozenset[str]
    """`buyer`, and what the issuer's roles mean here: `admin` or nothing more."""
    expires_at: float
    """The token's `exp`, in seconds since 1970."""


class TokenRefused(Exception):
    """The token proves nothing. Callers are told so and not why: a reason would help whoever forges one."""

    def __init__(self, reason: str) -> None:
        """Name the reason, for counters and operators.

        Args:
            reason: One of a few fixed words; nothing out of the token.
        """
        super().__init__(reason)
        self.reason = reason


class TokenVerifier(Protocol):
    """Whoever knows the issuers and their keys."""

    async def verify(self, token: str) -> VerifiedToken:
        """Check a token as it stands behind `Bearer`, without the space.

        Raises:
            TokenRefused: It is not a token that counts here, or no longer.
            Unavailable: The issuer was never reached, so nobody can say; `outcome` is `none`.
        """
        ...
