"""Keys of sections and categories that a document of another format only gives names."""

import re
from collections.abc import Container, Mapping, Sequence
from unicodedata import normalize

from holdfast.domain.catalogue.categories import CATEGORIES_MAX, CATEGORY_NAME_MAX, CategoryDetails
from holdfast.domain.legible import require_legible
from holdfast.domain.refusal import InvalidValue

KEY_MAX = 30
"""Characters in a key (contract)."""
UNNAMED = "Uncategorised"
"""The name of the category of seats that have none."""
_PALETTE = ("#1f6feb", "#b3261e", "#1a7f37", "#9a6700", "#8250df", "#bf3989", "#0a7ea4", "#57606a")
"""Colours of categories that come without one. Each has a contrast of at least 4.5 to white."""
_NOT_IN_KEYS = re.compile(r"[^a-z0-9]+")


def key_from(name: str, taken: Container[str], *, otherwise: str) -> str:
    """Return a key made from a name, unlike those taken.

    Args:
        name: Such as `Parkett, links`, which becomes `parkett-links`.
        taken: Keys that others have.
        otherwise: What to begin with if the name has no letters or digits of ASCII.
    """
    plain = normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    stem = _NOT_IN_KEYS.sub("-", plain).strip("-")[:KEY_MAX].strip("-") or otherwise
    key, number = stem, 1
    while key in taken:
        number += 1
        ending = f"-{number}"
        key = stem[: KEY_MAX - len(ending)] + ending
    return key


class NamedCategories:
    """The categories of an event while a document that names some is read: those it has, and new ones."""

    def __init__(self, known: Sequence[CategoryDetails], prices: Mapping[str, int]) -> None:
        """Begin with what is known.

        Args:
            known: The event's categories.
            prices: Prices of categories by their names, as the caller gives them beside the document. They go before
                those that known categories have.
        """
        self._prices = dict(prices)
        self._known = {category.key: category for category in known}
        self._key_of = {category.name: category.key for category in reversed(known)}
        self._key_of |= {category.key: category.key for category in known}
        self._made: dict[str, tuple[str, str]] = {}
        """Name and colour of new ones by key."""
        self._used: set[str] = set()

    def key_of(self, field: str, name: str, color: str | None = None) -> str:
        """Return the key of a category, which is new if no known one has this name or key.

        Raises:
            InvalidValue: the name cannot be a category's, or there are too many.
        """
        name = name or UNNAMED
        self._used.add(name)
        key = self._key_of.get(name)
        if key is not None:
            return key
        if len(name) > CATEGORY_NAME_MAX:
            raise InvalidValue(field, f"must have at most {CATEGORY_NAME_MAX} characters")
        require_legible(field, name)
        if len(self._known) + len(self._made) >= CATEGORIES_MAX:
            raise InvalidValue(field, f"would be one more category than the {CATEGORIES_MAX} that an event may have")
        key = key_from(name, self._known.keys() | self._made.keys(), otherwise="category")
        self._key_of[name] = key
        self._made[key] = (name, color or _PALETTE[len(self._known.keys() | self._made.keys()) % len(_PALETTE)])
        return key

    def price_of(self, key: str) -> int | None:
        """Return the price that is known for a category: the caller's, or its present one; None for a new one."""
        known = self._known.get(key)
        name = known.name if known else self._made[key][0]
        price = self._prices.get(name, self._prices.get(key))
        return price if price is not None else known.price if known else None

    def all_with(self, found: Mapping[str, int]) -> list[CategoryDetails]:
        """Return the event's categories, with the new ones after those that it has.

        Args:
            found: Prices of new categories by key, as the document gives them.

        Raises:
            InvalidValue: a new category has no price, or a price is for a category that the document does not name.
        """
        for name in self._prices:
            if name not in self._used and self._key_of.get(name) not in self._known and name not in self._made:
                raise InvalidValue("prices", f"names the category {name!a}, and the document has none of that name")
        categories = []
        for key, category in self._known.items():
            price = self.price_of(key)
            categories.append(
                CategoryDetails(key, category.name, category.color, category.price if price is None else price)
            )
        for key, (name, color) in self._made.items():
            price = self.price_of(key)
            price = found.get(key) if price is None else price
            if price is None:
                raise InvalidValue("prices", f"must say what the category {name!a} costs")
            categories.append(CategoryDetails(key, name, color, price))
        return categories
