"""The formats that a hall is read from and written in."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import assert_never

from holdfast.domain.catalogue.categories import CategoryDetails
from holdfast.domain.hall.document import Hall
from holdfast.domain.hall.imported import Imported, Steps
from holdfast.domain.hall.pretix.reading import pretix_reading
from holdfast.domain.hall.pretix.writing import pretix_writing
from holdfast.domain.hall.reading import reading_hall, write_hall
from holdfast.domain.hall.rules import requiring_known_categories
from holdfast.domain.hall.seat_list.reading import csv_reading
from holdfast.domain.hall.seat_list.writing import csv_writing
from holdfast.domain.refusal import InvalidValue


class HallFormat(StrEnum):
    """What `format` may be in the address of a hall."""

    HOLDFAST = "holdfast"
    PRETIX = "pretix"
    CSV = "csv"


def hall_from(
    raw: bytes, given: HallFormat, *, known: Sequence[CategoryDetails], prices: Mapping[str, int]
) -> Steps[Imported]:
    """Read a hall of any format.

    Args:
        raw: The document.
        given: Its format.
        known: The event's categories. Documents of Holdfast's own format name their keys; the others name them, or new
            ones.
        prices: Prices of categories by name, for the other formats.

    Raises:
        InvalidValue: naming the place in the document, or `prices`.
    """
    match given:
        case HallFormat.PRETIX:
            return (yield from pretix_reading(raw, known=known, prices=prices))
        case HallFormat.CSV:
            return (yield from csv_reading(raw, known=known, prices=prices))
        case HallFormat.HOLDFAST:
            if prices:
                raise InvalidValue("prices", "are for other formats; this one takes the event's categories")
            hall = yield from reading_hall(raw)
            yield from requiring_known_categories(hall, {category.key for category in known})
            return Imported(hall, list(known))
        case never:
            assert_never(never)


def document_of(hall: Hall, wanted: HallFormat, *, categories: Sequence[CategoryDetails]) -> Steps[bytes]:
    """Write a hall in any format, as far as that can express it."""
    match wanted:
        case HallFormat.PRETIX:
            return (yield from pretix_writing(hall, categories))
        case HallFormat.CSV:
            return (yield from csv_writing(hall, categories))
        case HallFormat.HOLDFAST:
            yield
            return write_hall(hall)
        case never:
            assert_never(never)
