"""Who is behind a request, and how that was proved."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from holdfast.domain.identity.organisers import DEFAULT_ORGANISER_ID, StoredKey
from holdfast.domain.identity.roles import Role
from holdfast.domain.refusal import InvalidValue

USER_ID_MAX = 255
"""Characters in a user id (contract)."""


class Proof(StrEnum):
    """How a caller's name was proved."""

    NONE = "none"
    OPEN = "open"
    """Not at all: `AUTH_MODE` is `open`, and the caller's word is taken for it."""
    GATEWAY = "gateway"
    """A gateway that is trusted says so."""
    TOKEN = "token"  # noqa: S105 - a word for the audit
    """A JWT of an issuer that is trusted."""
    KEY = "key"
    SESSION = "session"
    COMMAND_LINE = "command_line"
    """The database's own password: whoever has that may do everything anyway."""


_NO_ROLES: Mapping[UUID, Role] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Whoever asks.

    A key of role `box_office` or above has no user id of its own: `buyer_id` is then the buyer that it names for a new
    reservation, which gives it no right to what that buyer has elsewhere.
    """

    subject: str | None
    """The name that was proved, as the audit writes it; None for nobody."""
    user_id: str | None
    """Under which the caller's own reservations stand; None for nobody, and for a key that is no buyer."""
    proof: Proof
    roles: Mapping[UUID, Role] = field(default_factory=lambda: _NO_ROLES)
    """The role in each organiser where there is one beyond that of a buyer."""
    admin: bool = False
    buyer_id: str | None = None
    """The buyer for whom a key acts."""

    def role_in(self, organiser_id: UUID | None) -> Role:
        """Tell the highest role in an organiser; without one, the highest that does not come from an organiser."""
        if self.admin:
            return Role.ADMIN
        if organiser_id is not None and (role := self.roles.get(organiser_id)) is not None:
            return role
        return Role.NOBODY if self.user_id is None else Role.BUYER

    def organisers_as(self, *roles: Role) -> frozenset[UUID]:
        """Name the organisers in which this principal has one of these roles."""
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
"""Who has shown no credential."""

KEY_PREFIX = "key:"
"""What the subject of an API key begins with; the rest is its id."""

_OPEN_ROLES: Mapping[UUID, Role] = MappingProxyType({DEFAULT_ORGANISER_ID: Role.ORGANISER})


def open_principal(user_id: str | None) -> Principal:
    """Make the caller of `open` mode: a buyer when holding and confirming, an organiser for everything else."""
    return Principal(subject=user_id, user_id=user_id, proof=Proof.OPEN, roles=_OPEN_ROLES)


def key_principal(key: StoredKey, buyer_id: str | None) -> Principal:
    """Make the caller who shows a key that lets them in.

    Args:
        key: What they showed.
        buyer_id: The buyer whom they name beside it; a key of role `buyer` acts for nobody but itself.
    """
    subject = f"{KEY_PREFIX}{key.id}"
    if key.role is Role.BUYER:
        return Principal(subject=subject, user_id=subject, proof=Proof.KEY)
    roles = {} if key.organiser_id is None else {key.organiser_id: key.role}
    admin = key.role is Role.ADMIN
    return Principal(subject=subject, user_id=None, proof=Proof.KEY, roles=roles, admin=admin, buyer_id=buyer_id)


def command_line_principal(operator: str) -> Principal:
    """Make the caller who runs `holdfast keys …` and its like.

    Args:
        operator: What the operating system calls them.
    """
    return Principal(subject=f"command line: {operator}", user_id=None, proof=Proof.COMMAND_LINE, admin=True)


def require_user_id(field_name: str, user_id: str) -> None:
    """Refuse what cannot be a user id.

    Raises:
        InvalidValue: naming the field.
    """
    if not (1 <= len(user_id) <= USER_ID_MAX and user_id.isascii() and user_id.isprintable()):
        raise InvalidValue(field_name, f"must be 1 to {USER_ID_MAX} printable ASCII characters")
