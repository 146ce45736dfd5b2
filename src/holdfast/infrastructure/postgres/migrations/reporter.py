"""Who is told how a migration gets on."""

from typing import Protocol


class Reporter(Protocol):
    """Hears of everything that an operator waits for."""

    def began(self, what: str) -> None:
        """A step is under way, such as "0002 changes_at_idx"."""

    def waits(self, reason: str) -> None:
        """Nothing goes on at the moment; the reason says for whom. Called again and again while that lasts."""

    def progressed(self, phase: str, share: float | None) -> None:
        """PostgreSQL says how far a long step is: from 0 to 1, None where it does not know."""

    def done(self, what: str, seconds: float) -> None:
        """A step is done."""


class Silent:
    """Tells nobody."""

    def began(self, what: str) -> None:
        """Ignored."""

    def waits(self, reason: str) -> None:
        """Ignored."""

    def progressed(self, phase: str, share: float | None) -> None:
        """Ignored."""

    def done(self, what: str, seconds: float) -> None:
        """Ignored."""
