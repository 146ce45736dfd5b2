"""What a refusal means to a buyer, in sentences that say what to do next."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from holdfast.application.reading.storefront.nearest import nearest_equals
from holdfast.domain.booking import refusals as booking
from holdfast.domain.booking.reservation import SEATS_MAX
from holdfast.domain.catalogue.refusals import UpgradeUnfinished
from holdfast.domain.refusal import InvalidValue, Refusal
from holdfast.web.buyer.event_view import EventView, ShownSeat
from holdfast.web.buyer.wording import listed
from holdfast.web.kit.formats import moment


@dataclass(frozen=True, slots=True)
class Banner:
    """What a page says at its top."""

    heading: str
    advice: str
    offered: Sequence[ShownSeat] = ()
    """Seats that can be chosen in place of others."""
    chosen: Sequence[UUID] = field(default=())
    """What of the buyer's choice is left."""


def explained(view: EventView, refusal: Refusal, wanted: Sequence[UUID] = ()) -> Banner:
    """Return what a refusal means to the buyer.

    Args:
        view: The event.
        refusal: The refusal.
        wanted: The seats that were asked for.
    """
    for kind in type(refusal).__mro__:
        explain = _EXPLANATIONS.get(kind)
        if explain is not None:
            return explain(view, refusal, wanted)
    _ = view.visit.words.gettext
    return Banner(_("That did not work."), _("Nothing was held. Please try again."), chosen=wanted)


def _seat_ids(refusal: Refusal) -> set[UUID]:
    named = refusal.data["seat_ids"]
    return {UUID(text) for text in named} if isinstance(named, list) else set()


def _number(refusal: Refusal, name: str) -> int:
    value = refusal.data[name]
    return value if isinstance(value, int) else 0


def _taken(view: EventView, refusal: Refusal, wanted: Sequence[UUID]) -> Banner:
    words = view.visit.words
    _ = words.gettext
    gone = _seat_ids(refusal)
    left = [seat_id for seat_id in wanted if seat_id not in gone]
    if gone <= set(view.my_seat_ids()):
        own = listed(words, [seat.long_text for seat in view.shown_by_id([one for one in wanted if one in gone])])
        return Banner(
            _("You have %(seats)s already.") % {"seats": own},
            _("Nothing else was held. Go on with your seats, or choose others."),
            chosen=left,
        )
    lost = view.hall.named([seat_id for seat_id in wanted if seat_id in gone])
    offered = [view.shown(seat) for seat in nearest_equals(view.hall, lost, taken=frozenset(wanted))]
    seats = listed(words, [view.shown(seat).long_text for seat in lost])
    heading = _("Somebody else has just taken %(seats)s.") % {"seats": seats}
    if offered:
        near = listed(words, [seat.text for seat in offered])
        advice = words.ngettext(
            "Nothing is held yet. The nearest free seat at the same price: %(seats)s.",
            "Nothing is held yet. The nearest free seats at the same price: %(seats)s.",
            len(offered),
        ) % {"seats": near}
    else:
        advice = _("Nothing is held yet. Choose other seats on the map, or let us find the best ones.")
    return Banner(heading, advice, offered, left)


def _not_open(view: EventView, _refusal: Refusal, wanted: Sequence[UUID]) -> Banner:
    _ = view.visit.words.gettext
    opens_at = view.details.sale_opens_at
    when = "" if opens_at is None else moment(opens_at, view.details.timezone, view.visit.language)
    return Banner(
        _("The sale has not opened yet."),
        _("It opens on %(when)s. Leave this page open: it starts by itself.") % {"when": when},
        chosen=wanted,
    )


def _closed(view: EventView, _refusal: Refusal, _wanted: Sequence[UUID]) -> Banner:
    _ = view.visit.words.gettext
    return Banner(_("Booking for this event has closed."), _("Nothing was held. Have a look at the other events."))


def _by_count(view: EventView, refusal: Refusal, wanted: Sequence[UUID]) -> Banner:
    words = view.visit.words
    places = _seat_ids(refusal)
    areas = sorted({seat.section or "" for seat in view.hall.named(list(places))})
    return Banner(
        words.gettext("Places in %(area)s have no numbers.") % {"area": listed(words, areas)},
        words.gettext("Under “Best seats”, say how many you need and choose the area."),
        chosen=[seat_id for seat_id in wanted if seat_id not in places],
    )


def _companion(view: EventView, refusal: Refusal, wanted: Sequence[UUID]) -> Banner:
    words = view.visit.words
    alone = _seat_ids(refusal)
    names = view.hall.named(list(alone))
    spaces = [view.shown(view.hall.book.name_at(seat.companion_of)) for seat in names if seat.companion_of is not None]
    return Banner(
        words.gettext("%(seats)s: for somebody who comes along with a wheelchair user.")
        % {"seats": listed(words, [view.shown(seat).long_text for seat in names])},
        words.gettext("Choose it together with the wheelchair space beside it (%(spaces)s), or choose another seat.")
        % {"spaces": listed(words, [space.text for space in spaces])},
        offered=[space for space in spaces if space.free],
        chosen=wanted,
    )


def _limit(view: EventView, refusal: Refusal, wanted: Sequence[UUID]) -> Banner:
    words = view.visit.words
    limit, have = _number(refusal, "limit"), _number(refusal, "have")
    left = max(0, limit - have)
    heading = words.ngettext(
        "One buyer can have %(num)s seat of this event.", "One buyer can have %(num)s seats of this event.", limit
    ) % {"num": limit}
    if left == 0:
        advice = words.gettext("You have them already. They are under “My tickets”.")
    else:
        advice = words.ngettext(
            "You have %(have)s, so choose at most %(num)s more.",
            "You have %(have)s, so choose at most %(num)s more.",
            left,
        ) % {"have": have, "num": left}
    return Banner(heading, advice, chosen=wanted)


def _too_few(view: EventView, refusal: Refusal, _wanted: Sequence[UUID]) -> Banner:
    words = view.visit.words
    left = _number(refusal, "left")
    if not left:
        return Banner(
            words.gettext("No seats like these are free any more."),
            words.gettext("Choose another price or part of the hall. Seats whose hold runs out come back."),
        )
    return Banner(
        words.ngettext("Only %(num)s seat like these is free.", "Only %(num)s seats like these are free.", left)
        % {"num": left},
        words.gettext("Take fewer, or look in the whole hall."),
    )


def _not_together(view: EventView, refusal: Refusal, _wanted: Sequence[UUID]) -> Banner:
    words = view.visit.words
    return Banner(
        words.gettext("There are no %(num)s free seats side by side.") % {"num": _number(refusal, "wanted")},
        words.gettext("Untick “Only side by side”, or try another price."),
    )


def _unknown_seats(view: EventView, _refusal: Refusal, _wanted: Sequence[UUID]) -> Banner:
    _ = view.visit.words.gettext
    return Banner(
        _("The hall plan has changed since you chose."), _("Nothing was held. Please choose your seats again.")
    )


def _wait(view: EventView, refusal: Refusal, wanted: Sequence[UUID]) -> Banner:
    words = view.visit.words
    _ = words.gettext
    headings = {
        booking.TooManyHolds: _("Too many seats are being held from your connection."),
        booking.TooManyTries: _("Too many wrong access codes were entered from your connection."),
        booking.ReholdTooSoon: _("You have let several holds for this event run out."),
    }
    seconds = _number(refusal, "retry_after_seconds")
    advice = words.ngettext(
        "Wait %(num)s second, then press the button again. Your choice stays.",
        "Wait %(num)s seconds, then press the button again. Your choice stays.",
        seconds,
    )
    return Banner(headings[type(refusal)], advice % {"num": seconds}, chosen=wanted)


def _invalid(view: EventView, refusal: Refusal, wanted: Sequence[UUID]) -> Banner:
    words = view.visit.words
    if len(wanted) > SEATS_MAX:
        return Banner(
            words.gettext("Those are too many seats at once."),
            words.gettext("Choose at most %(num)s, hold them, and then choose more.") % {"num": SEATS_MAX},
            chosen=wanted[:SEATS_MAX],
        )
    if refusal.data.get("field") == "seat_ids":
        return Banner(words.gettext("You have not chosen any seats yet."), words.gettext("Choose at least one seat."))
    return Banner(
        words.gettext("Something in the form cannot be right."),
        words.gettext("Say how many seats you need, from 1 to %(num)s.") % {"num": SEATS_MAX},
    )


def _upgrading(view: EventView, _refusal: Refusal, wanted: Sequence[UUID]) -> Banner:
    _ = view.visit.words.gettext
    return Banner(
        _("Holds cannot be changed right now."),
        _("The system is being updated. Your seats stay held; confirm them, or try again later."),
        chosen=wanted,
    )


def _ended(view: EventView, _refusal: Refusal, _wanted: Sequence[UUID]) -> Banner:
    _ = view.visit.words.gettext
    return Banner(_("Your hold has ended."), _("Nothing was booked. Choose your seats again."))


_EXPLANATIONS: dict[type, Callable[[EventView, Refusal, Sequence[UUID]], Banner]] = {
    booking.SeatsUnavailable: _taken,
    booking.SaleNotOpen: _not_open,
    booking.BookingClosed: _closed,
    booking.AreaByCount: _by_count,
    booking.CompanionAlone: _companion,
    booking.PurchaseLimitReached: _limit,
    booking.NotEnoughSeats: _too_few,
    booking.NotTogether: _not_together,
    booking.SeatsNotFound: _unknown_seats,
    booking.TooManyHolds: _wait,
    booking.TooManyTries: _wait,
    booking.ReholdTooSoon: _wait,
    booking.HoldExpired: _ended,
    booking.AlreadyCancelled: _ended,
    InvalidValue: _invalid,
    UpgradeUnfinished: _upgrading,
}
