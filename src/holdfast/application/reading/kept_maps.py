"""The maps a process keeps: limited in number and memory, with the least recently used dropped first."""

from uuid import UUID

from holdfast.application.least_recently_used import LeastRecentlyUsed
from holdfast.application.reading.seat_map import SeatMap

MAPS_MAX = 16_384
"""The limit on their number, however small they are."""


class KeptMaps(LeastRecentlyUsed[UUID, SeatMap]):
    """Maps by event."""

    def __init__(self, *, bytes_max: int, maps_max: int = MAPS_MAX) -> None:
        super().__init__(
            lambda seat_map: seat_map.size_bytes, bytes_max=bytes_max, values_max=maps_max, latest_stays=True
        )

    def keep(self, seat_map: SeatMap) -> None:
        """Keep a map as the most recently used, replacing any other of its event. It stays, whatever its size."""
        self.put(seat_map.event_id, seat_map)
