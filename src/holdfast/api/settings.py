"""The settings that concern the API."""

from typing import Protocol


class ApiSettings(Protocol):
    """The settings that concern the API."""

    @property
    def body_bytes_max(self) -> int:
        """The largest request body of any operation."""
        ...

    @property
    def cors_allow_origins(self) -> str:
        """Origins that may call from a browser: `*`, or a comma-separated list."""
        ...

    @property
    def public_url(self) -> str:
        """The service's root as callers see it; empty if unknown."""
        ...
