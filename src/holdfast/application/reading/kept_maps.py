"""The maps a process keeps: limited in number and memory, with the least recently used dropped first."""

from collections import OrderedDict
from uuid import UUID

from holdfast.application.reading.seat_map import SeatMap
from holdfast.telemetry import metrics

MAPS_MAX = 16_384
"""The limit on their number, however small they are."""


class KeptMaps:
    """Maps by event. The cost of a call does not grow with their number."""

    def __init__(self, *, bytes_max: int, maps_max: int = MAPS_MAX) -> None:
        self._bytes_max = bytes_max
        self._maps_max = maps_max
        self._maps: OrderedDict[UUID, SeatMap] = OrderedDict()
        self._sizes: dict[UUID, int] = {}
        """The size that each map was counted with."""
        self.size_bytes = 0

    def __len__(self) -> int:
        """The number of maps."""
        return len(self._maps)

    def get(self, event_id: UUID) -> SeatMap | None:
        """Return an event's map, if it is kept."""
        return self._maps.get(event_id)

    def keep(self, seat_map: SeatMap) -> None:
        """Keep a map as the most recently used, replacing any other of its event. It stays, whatever its size."""
        event_id = seat_map.event_id
        self._maps[event_id] = seat_map
        self._maps.move_to_end(event_id)
        self._count(event_id, seat_map.size_bytes)
        while (self.size_bytes > self._bytes_max or len(self._maps) > self._maps_max) and len(self._maps) > 1:
            self.drop(next(iter(self._maps)))
        metrics.seat_maps_bytes.set(self.size_bytes)

    def touch(self, event_id: UUID) -> None:
        """Mark a map as just used."""
        self._maps.move_to_end(event_id)

    def drop(self, event_id: UUID) -> None:
        """Drop a map, if it is kept."""
        if self._maps.pop(event_id, None) is not None:
            self._count(event_id, 0)
            del self._sizes[event_id]

    def _count(self, event_id: UUID, size_bytes: int) -> None:
        self.size_bytes += size_bytes - self._sizes.get(event_id, 0)
        self._sizes[event_id] = size_bytes
