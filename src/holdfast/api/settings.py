"""What the API wants to know of the settings."""

from typing import Protocol


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
