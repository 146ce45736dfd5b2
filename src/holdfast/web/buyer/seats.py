"""The seats of an event as a list with boxes to tick, section by section. It shows what the map shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from uuid import UUID, uuid4

from holdfast.application.reading.storefront.listing import SaleState
from holdfast.application.reading.storefront.seat_book import SectionOfBook
from holdfast.domain.booking.reservation import Reservation
from holdfast.http.endpoints.answer import Answer
from holdfast.web.buyer.event import changing, changing_seats
from holdfast.web.buyer.event_view import EventView, ShownSeat, event_view
from holdfast.web.buyer.explained import Banner
from holdfast.web.kit.page import Page
from holdfast.web.kit.visit import Visit

SEATS_MAX = 300
"""Seats on one page."""


@dataclass(frozen=True, slots=True)
class ListedRow:
    """Some seats of a row, with their state: `free`, `mine`, `chosen` or `taken`."""

    label: str | None
    price: int | None
    """What all of them cost; None if they do not cost the same."""
    seats: list[tuple[ShownSeat, str, str]]
    """The seat, its number, and its state."""


@dataclass(frozen=True, slots=True)
class ListedSection:
    """A section that can be listed, with its free seats."""

    at: int
    name: str
    free: int


async def show(visit: Visit) -> Answer:
    """GET /events/{event_id}/seats."""
    view = await event_view(visit, visit.path_id("event_id"))
    return seats_page(visit, view, section=visit.query("section"), chosen=changing_seats(view), changes=changing(view))


def seats_page(
    visit: Visit,
    view: EventView,
    *,
    section: str,
    status: int = 200,
    code: str | None = None,
    banner: Banner | None = None,
    chosen: Sequence[UUID] = (),
    changes: Reservation | None = None,
) -> Answer:
    """Answer with the list of one section's seats; the arguments are those of `event_page`."""
    if view.is_open or view.state is SaleState.OPENS:
        _ = visit.buyer_ids
    key = uuid4().hex
    seated = [one for one in view.hall.book.sections if not one.area]
    shown = _section_of(seated, section, view.hall.free.by_section)
    skip = _skip(visit.query("from"))

    def values() -> dict[str, Any]:
        return _values(view, shown, skip, chosen, changes) | {"banner": banner}

    if status != HTTPStatus.OK or banner or view.mine or chosen:
        return visit.render("buyer/seats.html", status=status, code=code, key=key, **values())
    of = (view.id, None if shown is None else shown.at, skip)
    return visit.render_alike("buyer/seats.html", of=of, version=view.version, key=key, values=values)


def _skip(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else 0


def _values(
    view: EventView, shown: SectionOfBook | None, skip: int, chosen: Sequence[UUID], changes: Reservation | None
) -> dict[str, Any]:
    visit, free = view.visit, view.hall.free.by_section
    sections = [one for one in view.hall.book.sections if not one.area]
    names = [ListedSection(one.at, one.name or visit.words.gettext("Seats"), free[one.at]) for one in sections]
    rows = [] if shown is None else _rows(view, shown, skip, frozenset(chosen), changes)
    elsewhere = [seat for seat in view.hall.named(chosen) if shown is None or seat.section_key != shown.key]
    return {
        "view": view,
        "event": view.details,
        "sections": names,
        "section": shown,
        "rows": rows,
        "skip": skip,
        "following": skip + SEATS_MAX if shown is not None and shown.seats > skip + SEATS_MAX else None,
        "previous": max(0, skip - SEATS_MAX) if skip else None,
        "elsewhere": [view.shown(seat) for seat in elsewhere],
        "changes": changes,
    }


def _section_of(sections: list[SectionOfBook], wanted: str, free: Sequence[int]) -> SectionOfBook | None:
    """Return the section that a query names by its place or its key; else the first one with free seats."""
    for section in sections:
        if wanted and wanted in (str(section.at), section.key):
            return section
    with_free = (section for section in sections if free[section.at])
    return next(with_free, sections[0] if sections else None)


def _rows(
    view: EventView, section: SectionOfBook, skip: int, chosen: frozenset[UUID], changes: Reservation | None
) -> list[ListedRow]:
    mine = frozenset(view.my_seat_ids())
    own = frozenset(() if changes is None else changes.seat_ids)
    rows = []
    left = SEATS_MAX
    for at in section.rows:
        _, count = view.hall.book.stretch(at)
        if skip >= count:
            skip -= count
            continue
        names = view.hall.book.names(at, skip=skip, limit=left)
        skip = 0
        seats = []
        for name in names:
            seat = view.shown(name)
            state = _state(seat, mine=mine, own=own, chosen=chosen)
            seats.append((seat, name.number, state))
        prices = {seat.price for seat, _, _ in seats}
        rows.append(ListedRow(names[0].row, next(iter(prices)) if len(prices) == 1 else None, seats))
        left -= len(names)
        if left <= 0:
            break
    return rows


def _state(seat: ShownSeat, *, mine: frozenset[UUID], own: frozenset[UUID], chosen: frozenset[UUID]) -> str:
    if seat.id in own:
        return "chosen" if seat.id in chosen else "free"
    if seat.id in mine:
        return "mine"
    if not seat.free:
        return "taken"
    return "chosen" if seat.id in chosen else "free"


PAGES = (Page(path="/events/{event_id}/seats", name="seats", get=show),)
