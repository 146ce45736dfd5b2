"""The maps that a process keeps: bounded in number and in memory, those looked at the longest ago leave first."""

from collections import OrderedDict
from uuid import UUID

from holdfast.application.reading.seat_map import SeatMap
from holdfast.telemetry import metrics

MAPS_MAX = 16_384
"""However small they are."""


class KeptMaps:
    """Maps by event. What any call costs does not grow with how many there are."""

    def __init__(self, *, bytes_max: int, maps_max: int = MAPS_MAX) -> None:
        self._bytes_max = bytes_max
        self._maps_max = maps_max
        self._maps: OrderedDict[UUID, SeatMap] = OrderedDict()
        self._sizes: dict[UUID, int] = {}
        """What each map was counted with."""
        self.size_bytes = 0

    def __len__(self) -> int:
        """How many there are."""
        return len(self._maps)

    def get(self, event_id: UUID) -> SeatMap | None:
        """Find an event's map."""
        return self._maps.get(event_id)

    def keep(self, seat_map: SeatMap) -> None:
        """Keep a map as the newest, in the place of any other of its event; it stays, whatever its size."""
        event_id = seat_map.event_id
        self._maps[event_id] = seat_map
        self._maps.move_to_end(event_id)
        self._count(event_id, seat_map.size_bytes)
        while (self.size_bytes > self._bytes_max or len(self._maps) > self._maps_max) and len(self._maps) > 1:
            self.drop(next(iter(self._maps)))
        metrics.seat_maps_bytes.set(self.size_bytes)

    def touch(self, event_id: UUID) -> None:
        """Take note that a map was looked at."""
        self._maps.move_to_end(event_id)

    def drop(self, event_id: UUID) -> None:
        """Let a map go, if there is one."""
        if self._maps.pop(event_id, None) is not None:
            self._count(event_id, 0)
            del self._sizes[event_id]

    def _count(self, event_id: UUID, size_bytes: int) -> None:
        self.size_bytes += size_bytes - self._sizes.get(event_id, 0)
        self._sizes[event_id] = size_bytes
