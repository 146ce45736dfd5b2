"""What the simulated service knows of companion seats."""

from collections.abc import Collection, Mapping


def companions_alone(seats: Collection[str], companions: Mapping[str, str]) -> list[str]:
    """Return the companion seats among some seats whose accessible seat is not."""
    return [seat for seat in seats if seat in companions and companions[seat] not in seats]
