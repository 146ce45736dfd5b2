"""Prices as people write them."""

import re
from unicodedata import normalize

from holdfast.domain.catalogue.currencies import MINOR_DIGITS
from holdfast.domain.catalogue.seat import PRICE_MAX
from holdfast.domain.refusal import InvalidValue

_GROUPED = re.compile(r"[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?")
_PLAIN = re.compile(r"([0-9]+)(?:[.,]([0-9]+))?")


def price_from(field: str, text: str, currency: str) -> int:
    """Read a price in the currency's main unit, such as `8,000` yen or `12.50` euros, as a count of minor units.

    Raises:
        InvalidValue: naming `field`.
    """
    digits = MINOR_DIGITS[currency]
    plain = "".join(normalize("NFKC", text).split()).replace("'", "").strip("¥$€£円")
    if _GROUPED.fullmatch(plain):
        plain = plain.replace(",", "")
    parts = _PLAIN.fullmatch(plain)
    if parts is None:
        raise InvalidValue(field, "must be a price, such as 8000")
    # In half of Europe, 8.000 is eight thousand. So three places are refused where there are fewer, even zeros.
    written = parts[2] or ""
    fraction = written if len(written) > max(digits, 2) else written.rstrip("0")
    if len(fraction) > digits:
        raise InvalidValue(field, f"must have at most {digits} decimal places" if digits else "must be a whole number")
    price: int = int(parts[1].lstrip("0")[:20] or "0") * 10**digits + int(fraction.ljust(digits, "0") or "0")
    if price > PRICE_MAX:
        raise InvalidValue(field, "is too high")
    return price


def price_text(price: int, currency: str) -> str:
    """Write a price as it is typed into a field: `8000`, `12.50`."""
    digits = MINOR_DIGITS[currency]
    if not digits:
        return str(price)
    return f"{price // 10**digits}.{price % 10**digits:0{digits}d}"
