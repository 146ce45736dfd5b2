"""What somebody may be, from the least to the most (contract)."""

from enum import Enum


class Role(Enum):
    """A role; `at_least` compares two."""

    NOBODY = "nobody"
    """Has proved nothing."""
    BUYER = "buyer"
    """Holds and buys under a user id of their own."""
    BOX_OFFICE = "box_office"
    """Sells to any buyer, in one organiser's events."""
    ORGANISER = "organiser"
    """Makes an organiser's events, and lets others in."""
    ADMIN = "admin"
    """Everything, for all organisers."""

    def at_least(self, other: "Role") -> bool:
        """Tell whether this role is the other one or stands above it."""
        return _RANK[self] >= _RANK[other]


_RANK = {role: rank for rank, role in enumerate(Role)}

MEMBER_ROLES = (Role.BOX_OFFICE, Role.ORGANISER)
"""What a member of an organiser can be."""
KEY_ROLES = (Role.BUYER, Role.BOX_OFFICE, Role.ORGANISER, Role.ADMIN)
"""What an API key can be."""
