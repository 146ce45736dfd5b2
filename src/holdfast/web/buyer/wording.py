"""How seats and prices are written for buyers."""

from collections.abc import Sequence

from holdfast.application.reading.storefront.seat_book import SeatName
from holdfast.web.kit.languages import Words


def seat_text(words: Words, seat: SeatName) -> str:
    """Return what a seat is called within its section: Row C, seat 14."""
    if seat.area:
        return words.gettext("Place without a number")
    if seat.row is None:
        return words.gettext("Seat %(number)s") % {"number": seat.number}
    return words.gettext("Row %(row)s, seat %(number)s") % {"row": seat.row, "number": seat.number}


def long_seat_text(words: Words, seat: SeatName) -> str:
    """Return what a seat is called in its hall: Stalls, row C, seat 14."""
    if seat.section is None:
        return seat_text(words, seat)
    if seat.area:
        return seat.section
    values = {"section": seat.section, "row": seat.row, "number": seat.number}
    if seat.row is None:
        return words.gettext("%(section)s, seat %(number)s") % values
    return words.gettext("%(section)s, row %(row)s, seat %(number)s") % values


def listed(words: Words, texts: Sequence[str]) -> str:
    """Join texts as a sentence lists them: a, b and c."""
    if len(texts) < 2:
        return "".join(texts)
    comma, last = words.gettext(", "), words.gettext("%(others)s and %(last)s")
    return last % {"others": comma.join(texts[:-1]), "last": texts[-1]}
