"""The caller of a request, and how they authenticated."""

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from holdfast.domain.identity.organisers import DEFAULT_ORGANISER_ID, StoredKey
from holdfast.domain.identity.roles import Role
from holdfast.domain.refusal import InvalidValue
from holdfast.domain.value import value

USER_ID_MAX = 255
"""Characters in a user id."""


class Proof(StrEnum):
    """How a caller authenticated."""

    NONE = "none"
    OPEN = "open"
    """Not at all: `AUTH_MODE` is `open`, and any user id is accepted."""
    GATEWAY = "gateway"
    """By headers of a trusted gateway."""
    TOKEN = "token"  # noqa: S105 - a name in the audit
    """By a JWT of a trusted issuer."""
    KEY = "key"
    SESSION = "session"
    COMMAND_LINE = "command_line"
    """By the database's own password, which gives access to everything anyway."""


_NO_ROLES: Mapping[UUID, Role] = MappingProxyType({})


@value(frozen=True, slots=True, kw_only=True)
class Principal:
    """The caller.

    A key of role `box_office` or above has no user id of its own. Its `buyer_id` is the buyer that it names for a new
    reservation, which gives it no right to the buyer's other reservations.
    """

    subject: str | None
    """The authenticated name, as recorded in the audit; None for nobody."""
    user_id: str | None
    """The user id of the caller's own reservations; None for nobody, and for a key that is not a buyer."""
    proof: Proof
    roles: Mapping[UUID, Role] = field(default_factory=lambda: _NO_ROLES)
    """The role in each organiser where it is higher than buyer."""
    admin: bool = False
    buyer_id: str | None = None
    """The buyer for whom a key acts."""

    def role_in(self, organiser_id: UUID | None) -> Role:
        """Return the highest role in an organiser; for None, the highest that does not come from an organiser."""
        if self.admin:
            return Role.ADMIN
        if organiser_id is not None and (role := self.roles.get(organiser_id)) is not None:
            return role
        return Role.NOBODY if self.user_id is None else Role.BUYER

    def organisers_as(self, *roles: Role) -> frozenset[UUID]:
        """Return the organisers in which the caller has one of these roles."""
        return frozenset(organiser_id for organiser_id, role in self.roles.items() if role in roles)

    @property
    def highest(self) -> Role:
        """The highest role anywhere."""
        highest = self.role_in(None)
        for role in self.roles.values():
            if role.at_least(highest):
                highest = role
        return highest


NOBODY = Principal(subject=None, user_id=None, proof=Proof.NONE)
"""A caller without a credential."""

KEY_PREFIX = "key:"
"""Prefix of an API key's subject; the rest is its id."""

_OPEN_ROLES: Mapping[UUID, Role] = MappingProxyType({DEFAULT_ORGANISER_ID: Role.ORGANISER})


def open_principal(user_id: str | None) -> Principal:
    """Return the caller of `open` mode: a buyer when holding and confirming, an organiser for everything else."""
    return Principal(subject=user_id, user_id=user_id, proof=Proof.OPEN, roles=_OPEN_ROLES)


def key_principal(key: StoredKey, buyer_id: str | None) -> Principal:
    """Return the caller who sent a valid key.

    Args:
        key: The key.
        buyer_id: The buyer that the request names; a key of role `buyer` acts only for itself.
    """
    subject = f"{KEY_PREFIX}{key.id}"
    if key.role is Role.BUYER:
        return Principal(subject=subject, user_id=subject, proof=Proof.KEY)
    roles = {} if key.organiser_id is None else {key.organiser_id: key.role}
    admin = key.role is Role.ADMIN
    return Principal(subject=subject, user_id=None, proof=Proof.KEY, roles=roles, admin=admin, buyer_id=buyer_id)


def command_line_principal(operator: str) -> Principal:
    """Return the caller who runs `holdfast keys …` and the like.

    Args:
        operator: Their user name in the operating system.
    """
    return Principal(subject=f"command line: {operator}", user_id=None, proof=Proof.COMMAND_LINE, admin=True)


def require_user_id(field_name: str, user_id: str) -> None:
    """Refuse an invalid user id.

    Raises:
        InvalidValue: The error names the field.
    """
    if not (1 <= len(user_id) <= USER_ID_MAX and user_id.isascii() and user_id.isprintable()):
        raise InvalidValue(field_name, f"must be 1 to {USER_ID_MAX} printable ASCII characters")
