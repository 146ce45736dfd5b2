"""Price categories as documents of other formats name them, and the keys that they get."""

from dataclasses import dataclass

KEY_MAX = 30
"""Characters in a key (contract)."""
_PALETTE = ("#1f6feb", "#b3261e", "#1a7f37", "#9a6700", "#8250df", "#bf3989", "#0a7ea4", "#57606a")
"""Colours for categories that come without one; each has a contrast of at least 4.5 to white."""


@dataclass(frozen=True, slots=True)
class CategoryDetails:
    """A price category; `price` is in the currency's minor unit."""

    key: str
    name: str
    color: str
    price: int
