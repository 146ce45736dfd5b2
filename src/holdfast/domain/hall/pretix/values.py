"""Reads single values of a pretix plan, whichever type a program gave them."""

import math

from holdfast.domain.complaint import printable
from holdfast.domain.hall.document import COORDINATE_MAX, Point
from holdfast.domain.hall.pretix.plan import Loose, PlanPosition
from holdfast.domain.legible import require_legible
from holdfast.domain.refusal import InvalidValue

ZERO: Point = (0.0, 0.0)


def text_of(value: Loose) -> str:
    """Return a text without spaces at its ends; a whole number without a fraction; an empty text for nothing."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip()


def short_text(field: str, value: Loose, longest: int) -> str:
    """Return a text for people to read.

    Raises:
        InvalidValue: it is too long or has invisible characters.
    """
    text = text_of(value)
    if len(text) > longest:
        raise InvalidValue(field, f"must have at most {longest} characters")
    require_legible(field, text)
    return text


def number_of(field: str, value: Loose) -> float | None:
    """Return a number, also one that is written as a text; None for nothing.

    Raises:
        InvalidValue: it is no number, or a very large one.
    """
    if value is None or value == "":
        return None
    try:
        number = float(value)
    except ValueError:
        raise InvalidValue(field, f"must be a number, not {printable(str(value))}") from None
    if not math.isfinite(number) or abs(number) > COORDINATE_MAX:
        raise InvalidValue(field, f"must be {-COORDINATE_MAX} to {COORDINATE_MAX}")
    return number


def length_of(field: str, value: Loose) -> float | None:
    """Return a number that is not negative; None for nothing.

    Raises:
        InvalidValue: it is no such number.
    """
    number = number_of(field, value)
    if number is not None and number < 0:
        raise InvalidValue(field, "must not be negative")
    return number


def rotation_of(field: str, value: Loose) -> float:
    """Return an angle in degrees, from -360 to 360."""
    return math.fmod(number_of(field, value) or 0.0, 360)


def point_of(field: str, position: PlanPosition | None, base: Point = ZERO) -> Point:
    """Return a position counted from a base.

    Raises:
        InvalidValue: it is beyond the largest coordinate.
    """
    if position is None:
        return base
    point = (
        base[0] + (number_of(f"{field}.x", position.x) or 0.0),
        base[1] + (number_of(f"{field}.y", position.y) or 0.0),
    )
    if max(abs(point[0]), abs(point[1])) > COORDINATE_MAX:
        raise InvalidValue(field, f"must be {-COORDINATE_MAX} to {COORDINATE_MAX}, added up")
    return point
