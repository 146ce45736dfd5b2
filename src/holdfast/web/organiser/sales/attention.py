"""What an organiser should look at first while an event is on sale."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from holdfast.domain.catalogue.categories import Category
from holdfast.domain.catalogue.channel import StoredChannel
from holdfast.domain.catalogue.event import Confirmation, Event

_SOON = timedelta(hours=24)
_FEW = 20
"""A twentieth of the seats, or fewer, are few."""


@dataclass(frozen=True, slots=True)
class Line:
    """A category's figures."""

    category: Category | None
    """None for seats without one."""
    seats: int
    held: int
    sold: int
    revenue: int
    released: int

    @property
    def free(self) -> int:
        """Seats that are neither held nor sold; some may be kept back."""
        return max(0, self.seats - self.held - self.sold)


@dataclass(frozen=True, slots=True)
class Matter:
    """Something to look at."""

    kind: str
    """Which sentence the template has for it."""
    name: str = ""
    count: int = 0
    at: datetime | None = None
    path: str = ""
    """Where it can be mended, below the event's pages."""


def matters_of(event: Event, lines: Sequence[Line], channels: Sequence[StoredChannel], now: datetime) -> list[Matter]:
    """Return what needs attention, the most urgent first."""
    if event.details.end_at <= now:
        return []
    return [
        *_of_event(event, now),
        *_of_prices(lines),
        *_of_seats(event, lines, now),
        *_of_channels(event, channels, now),
    ]


def _of_event(event: Event, now: datetime) -> Iterator[Matter]:
    details = event.details
    if not event.seats:
        yield Matter("no-seats", path="/hall")
    if not details.published:
        due = details.sale_opens_at is None or details.sale_opens_at <= now + _SOON
        yield Matter("draft-due" if due and event.seats else "draft", at=details.sale_opens_at)
    if details.confirmation is Confirmation.SELLER and event.reserved:
        yield Matter("confirm", count=event.reserved, path="/reservations?status=pending")


def _of_prices(lines: Sequence[Line]) -> Iterator[Matter]:
    for one in lines:
        if one.category is not None and not one.category.price and one.seats:
            yield Matter("no-price", one.category.name, path="/categories")


def _of_seats(event: Event, lines: Sequence[Line], now: datetime) -> Iterator[Matter]:
    details = event.details
    closes_at = min(details.sale_closes_at or details.start_at, details.start_at)
    if not event.seats or not details.published:
        return
    if closes_at <= now:
        yield Matter("closed", at=closes_at)
        return
    if not event.available:
        yield Matter("sold-out")
    else:
        for one in lines:
            if one.category is not None and one.seats and not one.free:
                yield Matter("category-gone", one.category.name, event.available)
        if event.available * _FEW <= event.seats:
            yield Matter("few-left", count=event.available)
    if closes_at - now <= _SOON:
        yield Matter("closes", at=closes_at)


def _of_channels(event: Event, channels: Sequence[StoredChannel], now: datetime) -> Iterator[Matter]:
    for channel in channels:
        opens_at = channel.details.opens_to_all_at
        if not channel.kept_back or channel.opened_at is not None:
            continue
        if opens_at is not None and opens_at - now <= _SOON:
            yield Matter("channel-opens", channel.details.name, channel.kept_back, opens_at, "/channels")
        elif not event.available:
            yield Matter("channel-keeps", channel.details.name, channel.kept_back, path="/channels")
