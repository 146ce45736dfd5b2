"""A hall as it is stored."""

from dataclasses import dataclass
from hashlib import sha256


@dataclass(frozen=True, slots=True)
class StoredHall:
    """The hall of an event, at one version of the event."""

    document: str | None
    """In the format `holdfast-hall/1`; None if the event has no hall."""
    chart_version: int
    version: int
    """The event's."""


def hall_edition(document: str | None) -> str:
    """Return a name for a stored document, another one for each; also for no document."""
    return sha256((document or "").encode()).hexdigest()[:32]
