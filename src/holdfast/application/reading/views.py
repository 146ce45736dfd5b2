"""What all reads of a process share."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from holdfast.application.reading.event_pages import EventPages
from holdfast.application.reading.kept_charts import KeptCharts
from holdfast.application.reading.kept_exports import KeptExports
from holdfast.application.reading.kept_layouts import KeptLayouts
from holdfast.application.reading.large_lists import LargeLists
from holdfast.application.reading.live_changes import LiveChanges
from holdfast.application.reading.ports import AccessCodes, ChannelReads, Charts, FoundReservation, HallReads, Reads
from holdfast.application.reading.seat_maps import SeatMaps
from holdfast.domain.booking.refusals import ReservationNotFound
from holdfast.domain.catalogue.refusals import EventArchived


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

    async def reservation(self, reservation_id: UUID, user_ids: Sequence[str]) -> FoundReservation:
        """Return a reservation of one of these users, who are all the same person.

        Raises:
            ReservationNotFound: They have no such reservation.
            EventArchived: They have, and it is in the archive of its event.
            ConnectionLost, Contended: It could not be read.
        """
        found = await self._live_reservation(reservation_id, user_ids)
        if found is None and user_ids:
            archived = await self.reads.archived_reservation(reservation_id)
            if archived is not None and any(archived.is_of(user_id) for user_id in user_ids):
                raise EventArchived(archived.event_id)
            if archived is None:
                # It may have been restored since the first look.
                found = await self._live_reservation(reservation_id, user_ids)
        if found is None:
            raise ReservationNotFound(reservation_id)
        return found

    async def _live_reservation(self, reservation_id: UUID, user_ids: Sequence[str]) -> FoundReservation | None:
        for user_id in user_ids:
            found = await self.reads.reservation(reservation_id, user_id)
            if found is not None:
                return FoundReservation(found[0], user_id, found[1])
        return None
