"""How the progress of a migration is reported."""

from typing import Protocol


class Reporter(Protocol):
    """Receives everything that an operator waits for."""

    def began(self, what: str) -> None:
        """A step is under way, such as "0002 changes_at_idx"."""

    def waits(self, reason: str) -> None:
        """Nothing happens at the moment, for this reason. Called repeatedly while that lasts."""

    def progressed(self, phase: str, share: float | None) -> None:
        """PostgreSQL reports how far a long step is: from 0 to 1, None if unknown."""

    def done(self, what: str, seconds: float) -> None:
        """A step is done."""


class Silent:
    """Reports nothing."""

    def began(self, what: str) -> None:
        """Ignored."""

    def waits(self, reason: str) -> None:
        """Ignored."""

    def progressed(self, phase: str, share: float | None) -> None:
        """Ignored."""

    def done(self, what: str, seconds: float) -> None:
        """Ignored."""
