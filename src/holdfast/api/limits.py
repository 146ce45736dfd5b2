"""What an operator may set of the API, and what is fixed."""

from typing import Protocol

SMALL_BODY_BYTES = 160 * 1024
"""Enough for every body but a bulk call's: 10,000 characters of description, each escaped, take 120,000 bytes."""
SEAT_BODY_BYTES = 16 * 1024
"""One seat: its three texts, each character escaped, take 1,800 bytes."""
WISH_BODY_BYTES = 16 * 1024
"""A buyer's wish: 20 seats and a key whose every character is escaped take 2,500 bytes."""


class ApiSettings(Protocol):
    """What the API wants to know of the settings."""

    @property
    def body_bytes_max(self) -> int:
        """Largest request body of all."""
        ...

    @property
    def cors_allow_origins(self) -> str:
        """Origins that may call from a browser: `*`, or a comma-separated list."""
        ...

    @property
    def public_url(self) -> str:
        """Where callers find the service's root; empty: unknown."""
        ...
