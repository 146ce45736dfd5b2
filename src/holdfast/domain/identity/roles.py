"""The roles of callers, from the lowest to the highest."""

from enum import Enum


class Role(Enum):
    """A role; `at_least` compares two."""

    NOBODY = "nobody"
    """Has not authenticated."""
    BUYER = "buyer"
    """Holds and buys under their own user id."""
    BOX_OFFICE = "box_office"
    """Sells to any buyer, in one organiser's events."""
    ORGANISER = "organiser"
    """Manages an organiser's events, members and API keys."""
    ADMIN = "admin"
    """May do everything, for all organisers."""

    def at_least(self, other: "Role") -> bool:
        """Return whether this role is the other one or higher."""
        return _RANK[self] >= _RANK[other]


_RANK = {role: rank for rank, role in enumerate(Role)}

MEMBER_ROLES = (Role.BOX_OFFICE, Role.ORGANISER)
"""The roles of an organiser's members."""
KEY_ROLES = (Role.BUYER, Role.BOX_OFFICE, Role.ORGANISER, Role.ADMIN)
"""The roles of API keys."""
