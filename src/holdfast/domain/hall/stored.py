"""A hall as it is stored."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StoredHall:
    """The hall of an event, at one version of the event."""

    document: str | None
    """In the format `holdfast-hall/1`; None if the event has no hall."""
    chart_version: int
    version: int
    """The event's."""
