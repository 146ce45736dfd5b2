"""Price categories: what groups of an event's seats are called and cost."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from holdfast.domain.catalogue.seat import PRICE_MAX
from holdfast.domain.legible import require_legible
from holdfast.domain.refusal import InvalidValue

CATEGORIES_MAX = 50
"""Categories of one event (contract)."""
CATEGORY_KEY = r"^[a-z0-9-]{1,30}$"
COLOR = r"^#[0-9A-Fa-f]{6}$"
CATEGORY_NAME_MAX = 100

_key = re.compile(CATEGORY_KEY.removesuffix("$"))
_color = re.compile(COLOR.removesuffix("$"))


@dataclass(frozen=True, slots=True)
class CategoryDetails:
    """A category as the organiser writes it; `price` is in the currency's minor unit."""

    key: str
    name: str
    color: str
    price: int


@dataclass(frozen=True, slots=True)
class Category(CategoryDetails):
    """A category as stored. Seats refer to its number, which stays with the key."""

    number: int

    @property
    def details(self) -> CategoryDetails:
        """What the organiser wrote."""
        return CategoryDetails(self.key, self.name, self.color, self.price)


def check_categories(categories: Sequence[CategoryDetails]) -> None:
    """Check the rules for the categories of an event.

    Raises:
        InvalidValue: naming the field by its place in the list, such as `[3].key`.
    """
    if not 1 <= len(categories) <= CATEGORIES_MAX:
        raise InvalidValue("body", f"must have 1 to {CATEGORIES_MAX} categories")
    first: dict[str, int] = {}
    for place, category in enumerate(categories):
        if not _key.fullmatch(category.key):
            raise InvalidValue(f"[{place}].key", "must have 1 to 30 characters of a-z, 0-9 and -")
        if first.setdefault(category.key, place) != place:
            raise InvalidValue(f"[{place}].key", f"repeats that of [{first[category.key]}]")
        if not 1 <= len(category.name) <= CATEGORY_NAME_MAX:
            raise InvalidValue(f"[{place}].name", f"must have 1 to {CATEGORY_NAME_MAX} characters")
        require_legible(f"[{place}].name", category.name)
        if not _color.fullmatch(category.color):
            raise InvalidValue(f"[{place}].color", "must be a color such as #3a7bd5")
        if not 0 <= category.price <= PRICE_MAX:
            raise InvalidValue(f"[{place}].price", f"must be 0 to {PRICE_MAX}")


def numbered(wanted: Iterable[CategoryDetails], *, before: Iterable[Category]) -> list[Category]:
    """Number categories: those whose key an event already has keep its number, the others get free ones.

    The numbers of categories that the event no longer has are free, because no seat refers to them.
    """
    wanted = list(wanted)
    number_of = {category.key: category.number for category in before}
    kept = {number_of[one.key] for one in wanted if one.key in number_of}
    free = (number for number in range(1, CATEGORIES_MAX + 1) if number not in kept)
    return [
        Category(one.key, one.name, one.color, one.price, number_of[one.key] if one.key in number_of else next(free))
        for one in wanted
    ]


def differ_only_in_price(before: Sequence[CategoryDetails], after: Sequence[CategoryDetails]) -> bool:
    """Return whether two lists have the same categories in the same order, except for their prices."""
    return [(one.key, one.name, one.color) for one in before] == [(one.key, one.name, one.color) for one in after]


def categories_edition(categories: Iterable[CategoryDetails]) -> str:
    """Return a name for all categories of an event as they are, another one after each change."""
    told = repr([(one.key, one.name, one.color, one.price) for one in categories])
    return sha256(told.encode()).hexdigest()[:32]
