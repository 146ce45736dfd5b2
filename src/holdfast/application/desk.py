"""The sales desk: what the use cases share in one process."""

from dataclasses import dataclass

from holdfast.application.batching.batcher import Batcher
from holdfast.application.catalogue import Catalogue
from holdfast.application.owners import Owners
from holdfast.application.ports import Charts, Gate, Reads
from holdfast.application.reading.event_pages import EventPages
from holdfast.application.reading.kept_charts import KeptCharts
from holdfast.application.reading.large_lists import LargeLists
from holdfast.application.reading.live_changes import LiveChanges
from holdfast.application.reading.seat_maps import SeatMaps
from holdfast.application.shared_read import SharedRead
from holdfast.application.taken_seats import TakenSeats


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything a use case may call. Made once per process by the composition root."""

    batcher: Batcher
    gate: Gate
    taken_seats: TakenSeats
    shared_read: SharedRead
    owners: Owners
    catalogue: Catalogue
    reads: Reads
    event_pages: EventPages
    seat_maps: SeatMaps
    live_changes: LiveChanges
    large_lists: LargeLists
    charts: Charts
    kept_charts: KeptCharts
