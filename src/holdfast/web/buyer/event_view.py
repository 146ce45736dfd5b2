"""An event as its pages show it: state, prices, free seats, and what the visitor holds in it."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from holdfast.application.identity.verbs import Verb
from holdfast.application.reading.storefront.listing import SaleState, sale_state
from holdfast.application.reading.storefront.ports import EventOnSale
from holdfast.application.reading.storefront.seat_book import SeatName
from holdfast.application.reading.storefront.storefront import Hall, HoldTerms, Storefront
from holdfast.domain.booking.reservation import SEATS_MAX, Reservation
from holdfast.domain.catalogue.event import EventDetails
from holdfast.domain.catalogue.refusals import EventNotFound
from holdfast.web.buyer.wording import long_seat_text, seat_text
from holdfast.web.kit.formats import money
from holdfast.web.kit.visit import Visit


@dataclass(frozen=True, slots=True)
class PricedCategory:
    """A price category, with the seats that are free in it."""

    key: str
    name: str
    color: str
    price: int
    free: int


@dataclass(frozen=True, slots=True)
class Area:
    """An area for general admission, whose places are sold by count."""

    key: str
    name: str
    free: int
    price: int | None


@dataclass(frozen=True, slots=True)
class ShownSeat:
    """A seat in the reader's language. `price` is None if it is not known before the seat is held."""

    id: UUID
    text: str
    long_text: str
    section: str
    category: str
    price: int | None
    area: bool
    free: bool
    remarks: tuple[str, ...]


class EventView:
    """What a page about an event shows. It is made once for each visit."""

    def __init__(
        self, visit: Visit, on_sale: EventOnSale, hall: Hall, mine: Sequence[Reservation], terms: HoldTerms
    ) -> None:
        self.visit = visit
        self.on_sale = on_sale
        self.hall = hall
        self.mine = mine
        self.terms = terms
        self.free = hall.seat_map.available
        self.state: SaleState = sale_state(self.details, seats=hall.seat_map.seats, free=self.free, now=on_sale.read_at)
        self._prices = {category.key: category.price for category in on_sale.categories}
        self._names = {category.key: category.name for category in on_sale.categories}

    @property
    def id(self) -> UUID:
        """The event's id."""
        return self.on_sale.event.id

    @property
    def details(self) -> EventDetails:
        """What the organiser wrote."""
        return self.on_sale.event.details

    @property
    def version(self) -> Hashable:
        """Changes with what the pages of the event show to somebody who has nothing in it."""
        return (self.state, self.on_sale.event.version, self.hall.seat_map.version)

    @property
    def closes_at(self) -> datetime:
        """When the sale closes."""
        end = self.details.sale_closes_at
        return self.details.start_at if end is None else min(end, self.details.start_at)

    @property
    def is_open(self) -> bool:
        """Whether seats can be held now."""
        return self.state in (SaleState.ON_SALE, SaleState.FEW_LEFT)

    @property
    def seats_max(self) -> int:
        """The most seats that the visitor can hold at once."""
        limit = self.details.max_seats_per_buyer
        if limit is None:
            return SEATS_MAX
        return max(0, min(SEATS_MAX, limit - sum(len(one.seat_ids) for one in self.mine)))

    def categories(self) -> list[PricedCategory]:
        """Return the price categories that have seats, in the organiser's order."""
        free = self.hall.free.by_category
        return [
            PricedCategory(one.key, one.name, one.color, one.price, free[one.key])
            for one in self.on_sale.categories
            if one.key in free
        ]

    def areas(self) -> list[Area]:
        """Return the areas whose places are sold by count."""
        free = self.hall.free.by_section
        found = []
        for section in self.hall.book.sections:
            if section.area and section.key is not None and section.rows:
                first, _ = self.hall.book.stretch(section.rows[0])
                price = self.price_of(self.hall.book.name_at(first))
                found.append(Area(section.key, section.name or section.key, free[section.at], price))
        return found

    def has_accessible_seats(self) -> bool:
        """Whether there are places for wheelchairs."""
        return self.hall.book.has_accessible_seats

    def price_of(self, seat: SeatName) -> int | None:
        """Return what a seat costs now."""
        return seat.own_price if seat.own_price is not None else self._prices.get(seat.category or "")

    def price_text(self, amount: int | None) -> str:
        """Write a price; empty if it is not known."""
        return "" if amount is None else money(amount, self.details.currency, self.visit.language)

    def shown(self, seat: SeatName) -> ShownSeat:
        """Return a seat in the reader's language."""
        words = self.visit.words
        remarks = []
        if seat.accessible:
            remarks.append(words.gettext("wheelchair space"))
        if seat.companion_of is not None:
            remarks.append(words.gettext("for a companion"))
        if seat.restricted_view:
            remarks.append(words.gettext("restricted view"))
        return ShownSeat(
            id=seat.id,
            text=seat_text(words, seat),
            long_text=long_seat_text(words, seat),
            section=seat.section or "",
            category=self._names.get(seat.category or "", ""),
            price=self.price_of(seat),
            area=seat.area,
            free=self.hall.codes(seat.position, 1) == b"\0",
            remarks=tuple(remarks),
        )

    def shown_by_id(self, seat_ids: Sequence[UUID]) -> list[ShownSeat]:
        """Return those of these seats that are in the chart."""
        return [self.shown(seat) for seat in self.hall.named(seat_ids)]

    def my_seat_ids(self) -> list[UUID]:
        """Return the seats that the visitor holds or has bought."""
        return [seat_id for reservation in self.mine for seat_id in reservation.seat_ids]


async def event_view(visit: Visit, event_id: UUID) -> EventView:
    """Read what a page about an event shows.

    Raises:
        EventNotFound: There is no such event, or the visitor may not see it.
        EventArchived: It was archived.
        ConnectionLost, Contended: It cannot be read now.
    """
    await visit.caller.look_at_event(Verb.GET_EVENT, event_id)
    storefront = visit.capability(Storefront)
    on_sale = await storefront.event(event_id)
    hall = None if on_sale is None else await storefront.hall(event_id)
    if on_sale is None or hall is None:
        raise EventNotFound(event_id)
    known = visit.visitor.guest_secret is not None or visit.signed_in_as is not None
    mine = await storefront.reads.live_at(event_id, visit.buyer_ids) if known else []
    return EventView(visit, on_sale, hall, mine, storefront.terms)
