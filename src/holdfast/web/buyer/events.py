"""The list of events that can be booked."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from holdfast.application.reading.storefront.ports import After
from holdfast.application.reading.storefront.storefront import Storefront
from holdfast.domain.refusal import InvalidValue
from holdfast.http.endpoints.answer import Answer
from holdfast.web.kit.page import Page
from holdfast.web.kit.visit import Visit

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


async def show(visit: Visit) -> Answer:
    """GET /events: those that start next come first."""
    after = _after(visit.query("after"))
    page = await visit.capability(Storefront).listing.page(after)
    following = "" if page.next is None else _written(page.next)
    return visit.render("buyer/events.html", events=page.events, after=after, following=following)


def _written(after: After) -> str:
    start, event_id = after
    return f"{(start - _EPOCH) // _MICROSECOND}.{event_id}"


def _after(text: str) -> After | None:
    if not text:
        return None
    start, _, event_id = text.partition(".")
    try:
        return _EPOCH + int(start) * _MICROSECOND, UUID(event_id)
    except (ValueError, OverflowError):
        raise InvalidValue("after", "must be taken from a link on the page before") from None


PAGES = (Page(path="/events", name="events", get=show, lists_all=True),)
