"""Authentication by token: what the application needs, and how a token is refused."""

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
    """`issuer_short:subject`, the user id of a buyer's reservations."""
    roles: frozenset[str]
    """`buyer`, and `admin` if the issuer's roles are mapped to it."""
    expires_at: float
    """The token's `exp`, in seconds since 1970."""


class TokenRefused(Exception):
    """The token is not valid. Callers do not get the reason, which would help a forger."""

    def __init__(self, reason: str) -> None:
        """Set the reason, for counters and operators.

        Args:
            reason: One of a few fixed words; nothing from the token.
        """
        super().__init__(reason)
        self.reason = reason


class TokenVerifier(Protocol):
    """Checks tokens of the configured issuers."""

    async def verify(self, token: str) -> VerifiedToken:
        """Verify a token, given as the text after `Bearer` and the space.

        Raises:
            TokenRefused: It is not valid here, or no longer.
            Unavailable: The issuer has never been reached, so its tokens cannot be checked; `outcome` is `none`.
        """
        ...
