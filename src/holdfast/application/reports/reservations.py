"""Lists the reservations of an event, a page at a time or all of them."""

from datetime import UTC, datetime
from uuid import UUID

from holdfast.application.reports.export import Export
from holdfast.application.reports.ports import EventOnReport, Filter, Place, ReportedReservation
from holdfast.application.reports.reports import Reports
from holdfast.domain.catalogue.refusals import EventArchived, EventNotFound
from holdfast.domain.refusal import InvalidValue

_LATER_THAN_ALL = datetime(9999, 1, 1, tzinfo=UTC)
_ABOVE_ALL = UUID(int=2**128 - 1)


async def event_on_report(reports: Reports, event_id: UUID) -> EventOnReport:
    """Find the event of a report.

    Raises:
        EventNotFound: if there is no such event, or it was deleted.
        EventArchived: if it was archived.
    """
    event = await reports.reservations.event(event_id)
    if event is None:
        raise EventNotFound(event_id)
    if event.archived:
        raise EventArchived(event_id).at(event.mark.version)
    return event


async def list_reservations(
    reports: Reports, event_id: UUID, wanted: Filter, *, after: UUID | None, limit: int
) -> tuple[EventOnReport, list[ReportedReservation]]:
    """Return a page of an event's reservations, newest first, and the event.

    Args:
        reports: The capability of this process.
        event_id: The event.
        wanted: Which reservations.
        after: The id of the last reservation of the page before.
        limit: The most reservations to return.

    Raises:
        EventNotFound: if there is no such event.
        EventArchived: if it was archived.
        InvalidValue: `after` is not the id of a reservation of this event.
    """
    event, before = await _start(reports, event_id, after)
    found = await reports.reservations.page(event, wanted, before=before, limit=limit)
    if not found:
        # All of them leave at once for an archive, and perhaps they did since the event was read.
        await event_on_report(reports, event_id)
    return event, found


async def export_reservations(
    reports: Reports, event_id: UUID, wanted: Filter, *, after: UUID | None, header: bytes
) -> tuple[EventOnReport, Export]:
    """Open an export of an event's reservations, newest first, and return it with the event.

    Args:
        reports: The capability of this process.
        event_id: The event.
        wanted: Which reservations.
        after: The id of the last reservation of a file that was cut off; the export has those after it.
        header: The beginning of the file.

    Raises:
        EventNotFound: if there is no such event.
        EventArchived: if it was archived.
        InvalidValue: `after` is not the id of a reservation of this event.
        Unavailable: if too many exports are being sent.
    """
    event, before = await _start(reports, event_id, after)
    return event, reports.exports.open(event, wanted, before=before, header=header)


async def _start(reports: Reports, event_id: UUID, after: UUID | None) -> tuple[EventOnReport, Place]:
    event = await event_on_report(reports, event_id)
    if after is None:
        return event, Place(event.mark.version + 1, _LATER_THAN_ALL, _ABOVE_ALL)
    before = await reports.reservations.place_of(event_id, after)
    if before is None:
        await event_on_report(reports, event_id)  # or it is in an archive since
        raise InvalidValue("after", "must be the id of a reservation of this event")
    return event, before
