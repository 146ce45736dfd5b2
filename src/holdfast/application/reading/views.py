"""What all reads of a process share."""

from dataclasses import dataclass, field

from holdfast.application.reading.event_pages import EventPages
from holdfast.application.reading.kept_charts import KeptCharts
from holdfast.application.reading.kept_exports import KeptExports
from holdfast.application.reading.kept_layouts import KeptLayouts
from holdfast.application.reading.large_lists import LargeLists
from holdfast.application.reading.live_changes import LiveChanges
from holdfast.application.reading.ports import AccessCodes, ChannelReads, Charts, HallReads, Reads
from holdfast.application.reading.seat_maps import SeatMaps


@dataclass(frozen=True, slots=True)
class Views:
    """The parts that reads work with: rows, lists, seat maps and live changes. None of them takes a lock.

    There is one per process. Nothing in it can change an event or a reservation.
    """

    reads: Reads
    event_pages: EventPages
    seat_maps: SeatMaps
    live_changes: LiveChanges
    large_lists: LargeLists
    charts: Charts
    kept_charts: KeptCharts
    kept_layouts: KeptLayouts
    halls: HallReads
    channels: ChannelReads
    access_codes: AccessCodes
    kept_exports: KeptExports = field(default_factory=KeptExports)
