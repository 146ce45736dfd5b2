"""Hall documents in requests and responses: their formats, and prices beside them."""

import msgspec

from holdfast.application.catalogue.put_hall import Read
from holdfast.application.giving_way import in_steps
from holdfast.domain.catalogue.categories import CATEGORIES_MAX, CategoryDetails
from holdfast.domain.catalogue.event import TOTAL_SEATS_MAX
from holdfast.domain.catalogue.seat import PRICE_MAX
from holdfast.domain.hall.document import Hall
from holdfast.domain.hall.formats import HallFormat, hall_from
from holdfast.domain.hall.imported import Imported, Steps
from holdfast.domain.hall.reading import adding_section, reading_hall
from holdfast.domain.refusal import InvalidValue
from holdfast.http.endpoints.call import Call
from holdfast.http.endpoints.operation import QueryParameter

FORMAT_PARAMETER = QueryParameter(
    "format", "`holdfast` (the default), `pretix` or `csv`.", "pretix", values=tuple(HallFormat)
)
PRICES_PARAMETER = QueryParameter(
    "prices",
    "For `pretix` and `csv`: a JSON object with the prices of categories by name. Categories that the event does not "
    "have are added to it.",
    '{"Standard": 9000}',
)


def format_of(call: Call) -> HallFormat:
    """Return the format that a request names.

    Raises:
        InvalidValue: it is none.
    """
    return call.query_choice("format", HallFormat) or HallFormat.HOLDFAST


def reading_of(call: Call, raw: bytes) -> Read:
    """Return the function that reads the document of a request, once the event's categories are known.

    Raises:
        InvalidValue: format or prices are not valid.
    """
    given, prices = format_of(call), _prices_of(call)

    async def read(known: list[CategoryDetails]) -> Imported:
        return await in_steps(hall_from(raw, given, known=known, prices=prices))

    return read


def adding_to_stored(document: str | None, raw: bytes) -> Steps[tuple[Hall, Hall]]:
    """Add the section of a request to a stored document; return the whole hall, and one with only the section.

    Raises:
        InvalidValue: naming the place in the section.
    """
    hall = Hall(format="holdfast-hall/1") if document is None else (yield from reading_stored(document))
    return (yield from adding_section(hall, raw, seats_max=TOTAL_SEATS_MAX))


def reading_stored(document: str) -> Steps[Hall]:
    """Decode a stored document. It may have grown section by section."""
    return (yield from reading_hall(document.encode(), seats_max=TOTAL_SEATS_MAX))


def _prices_of(call: Call) -> dict[str, int]:
    text = call.query().get("prices")
    if text is None:
        return {}
    try:
        prices = msgspec.json.decode(text.encode(errors="surrogatepass"), type=dict[str, int])
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise InvalidValue("prices", "must be a JSON object of prices by category name") from None
    if len(prices) > CATEGORIES_MAX:
        raise InvalidValue("prices", f"must have at most {CATEGORIES_MAX} entries")
    for name, price in prices.items():
        if not 0 <= price <= PRICE_MAX:
            raise InvalidValue("prices", f"must be 0 to {PRICE_MAX}, also that of {name[:100]!a}")
    return prices
