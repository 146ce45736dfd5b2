"""The page of an event: the map, the best seats available, one's own choice, and a countdown before the sale opens."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any
from uuid import UUID, uuid4

from holdfast.application.reading.storefront.listing import SaleState
from holdfast.domain.booking.reservation import Reservation
from holdfast.domain.booking.states import ReservationStatus
from holdfast.domain.refusal import InvalidValue
from holdfast.http.endpoints.answer import Answer
from holdfast.web.buyer.event_view import EventView, event_view
from holdfast.web.buyer.explained import Banner
from holdfast.web.kit.page import Page
from holdfast.web.kit.visit import Visit

PRICE_RUNS_MAX = 300
"""Runs of seats with prices of their own that are sent with the page. The map shows more than these without a price."""


async def show(visit: Visit) -> Answer:
    """GET /events/{event_id}."""
    view = await event_view(visit, visit.path_id("event_id"))
    return event_page(visit, view, chosen=changing_seats(view), changes=changing(view))


async def back_to_event(visit: Visit) -> Answer:
    """GET of an address to which forms are sent: somebody has typed it, or changed the language there."""
    return visit.see_other(f"/events/{visit.path_id('event_id')}")


def event_page(
    visit: Visit,
    view: EventView,
    *,
    status: int = 200,
    code: str | None = None,
    banner: Banner | None = None,
    chosen: Sequence[UUID] = (),
    changes: Reservation | None = None,
    wish: dict[str, str] | None = None,
) -> Answer:
    """Answer with the page of an event.

    Args:
        visit: The visit.
        view: The event.
        status: The HTTP status.
        code: The code of the refusal that the page explains.
        banner: What to say at the top.
        chosen: Seats that are chosen already.
        changes: The hold that is to get other seats; None if a new one is made.
        wish: What was filled in to get the best seats available.
    """
    if view.is_open or view.state is SaleState.OPENS:
        _ = visit.buyer_ids  # the cookie comes with the form, or a double click would come from two guests
    key = uuid4().hex

    def values() -> dict[str, Any]:
        return {
            "view": view,
            "event": view.details,
            "SaleState": SaleState,
            "banner": banner,
            "chosen": view.shown_by_id(chosen),
            "changes": changes,
            "wish": wish or {},
            "holds": [one for one in view.mine if one.status is ReservationStatus.PENDING],
            "bought": [one for one in view.mine if one.status is ReservationStatus.CONFIRMED],
            "for_script": _for_script(view, chosen, changes),
        }

    if status != HTTPStatus.OK or banner or view.mine or chosen or wish:
        return visit.render("buyer/event.html", status=status, code=code, key=key, **values())
    return visit.render_alike("buyer/event.html", of=view.id, version=view.version, key=key, values=values)


def changing(view: EventView) -> Reservation | None:
    """Return the hold that the visitor wants to give other seats (`?change=`); None if they want a new one.

    Raises:
        InvalidValue: It is no id.
    """
    return hold_of(view, view.visit.query("change"))


def hold_of(view: EventView, text: str) -> Reservation | None:
    """Return a live hold of the visitor by its id.

    Raises:
        InvalidValue: It is no id.
    """
    if not text:
        return None
    try:
        wanted = UUID(text)
    except ValueError:
        raise InvalidValue("change", "must be the id of a reservation") from None
    holds = (one for one in view.mine if one.status is ReservationStatus.PENDING)
    return next((one for one in holds if one.id == wanted), None)


def changing_seats(view: EventView) -> tuple[UUID, ...]:
    """Return the seats that a hold has which is to get others."""
    changes = changing(view)
    return () if changes is None else changes.seat_ids


def _for_script(view: EventView, chosen: Sequence[UUID], changes: Reservation | None) -> dict[str, Any]:
    """Return what the page's script needs, as JSON."""
    path = f"{view.visit.site.public.path}/events/{view.id}"
    opens_at = view.details.sale_opens_at
    runs = view.hall.book.price_runs
    return {
        "event": str(view.id),
        "sources": {name: f"{path}/map/{name}" for name in ("layout", "bits", "changes")},
        "chart_version": view.hall.seat_map.chart_version,
        "currency": view.details.currency,
        "categories": [
            {
                "key": one.key,
                "name": one.name,
                "color": one.color,
                "price": view.price_text(one.price),
                "amount": one.price,
            }
            for one in view.on_sale.categories
        ],
        "own_prices": [[run.first, run.seats, run.price] for run in runs] if len(runs) <= PRICE_RUNS_MAX else [],
        "state": view.state,
        "opens_at": None if opens_at is None else int(opens_at.timestamp() * 1000),
        "seats_max": view.seats_max if changes is None else view.seats_max + len(changes.seat_ids),
        "mine": [str(seat_id) for seat_id in view.my_seat_ids()],
        "chosen": [str(seat_id) for seat_id in chosen],
        "changes": None if changes is None else str(changes.id),
    }


PAGES = (Page(path="/events/{event_id}", name="event", get=show),)
