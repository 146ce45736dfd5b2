"""What the pages of an event share: who may see them, and what stands above each of them."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from holdfast.application.identity.verbs import Verb
from holdfast.application.reading.views import Views
from holdfast.domain.catalogue.event import Event
from holdfast.domain.catalogue.refusals import EventArchived, EventNotFound
from holdfast.domain.identity.refusals import Unauthenticated
from holdfast.web.kit.languages import mark
from holdfast.web.kit.visit import Visit

TABS = (
    ("event", mark("Event"), "", Verb.EDIT_EVENT),
    ("hall", mark("Hall"), "/hall", Verb.PUT_HALL),
    ("categories", mark("Prices"), "/categories", Verb.PUT_CATEGORIES),
    ("channels", mark("Channels"), "/channels", Verb.LIST_CHANNELS),
    ("live", mark("Live sale"), "/live", Verb.GET_SALES),
    ("reservations", mark("Reservations"), "/reservations", Verb.LIST_EVENT_RESERVATIONS),
)
"""Name, title, end of the path, and what one must be allowed to do."""


@dataclass(frozen=True, slots=True)
class Tab:
    """A page of an event, in its navigation."""

    name: str
    title: str
    path: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How the sale of an event stands, in a word and a colour."""

    name: str
    """`draft`, `no-seats`, `opens`, `on-sale`, `sold-out`, `closed`, `over` or `archived`."""
    at: datetime | None = None
    """When the sale opens."""


def require_signed_in(visit: Visit) -> None:
    """Send guests to sign in: they may be organisers who have not done so yet.

    Raises:
        Unauthenticated: The visitor has not signed in.
    """
    if not visit.visitor.signed_in:
        raise Unauthenticated


async def event_for(visit: Visit, verb: Verb) -> Event:
    """Return the event of the page, if the visitor may do something to it.

    Raises:
        Unauthenticated, Forbidden, EventNotFound: They may not.
        EventArchived: Nobody may any more.
    """
    event = await present_or_archived(visit, verb)
    if event.archived:
        raise EventArchived(event.id)
    return event


async def present_or_archived(visit: Visit, verb: Verb) -> Event:
    """Return the event of the page, archived or not.

    Raises:
        Unauthenticated, Forbidden, EventNotFound: As `event_for`.
    """
    require_signed_in(visit)
    event_id = visit.path_id("event_id")
    await visit.caller.look_at_event(verb, event_id)
    event = await visit.capability(Views).reads.event(event_id)
    if event is None:
        raise EventNotFound(event_id)
    return event


async def room_of(visit: Visit, event: Event, tab: str) -> dict[str, Any]:
    """Return what the frame of an event's page needs."""
    tabs = [
        Tab(name, title, f"/organise/events/{event.id}{end}")
        for name, title, end, verb in TABS
        if await visit.may(verb, event.id)
    ]
    categories = await visit.capability(Views).halls.categories(event.id)
    priced = bool(categories and categories[0])
    return {
        "event": event,
        "details": event.details,
        "zone": event.details.timezone,
        "currency": event.details.currency,
        "base": f"/organise/events/{event.id}",
        "tabs": tabs,
        "tab": tab,
        "standing": standing_of(event, datetime.now(UTC)),
        "may_edit": any(one.name == "event" for one in tabs),
        "priced": priced,
    }


def standing_of(event: Event, now: datetime) -> Standing:
    """Return how the sale stands at a time."""
    details = event.details
    if event.archived or details.end_at <= now:
        return Standing("archived" if event.archived else "over")
    if not details.published:
        return Standing("draft")
    if not event.seats:
        return Standing("no-seats")
    if (details.sale_closes_at or details.start_at) <= now or details.start_at <= now:
        return Standing("closed")
    if details.sale_opens_at is not None and details.sale_opens_at > now:
        return Standing("opens", details.sale_opens_at)
    return Standing("sold-out") if not event.available else Standing("on-sale")
