"""Organisers, their members and their API keys, as stored."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from holdfast.domain.identity.roles import Role
from holdfast.domain.legible import require_legible
from holdfast.domain.refusal import InvalidValue

DEFAULT_ORGANISER_ID = UUID("00000000-0000-7000-8000-000000000000")
"""Owns all events created before there were organisers, and all events of `open` mode. The migration inserts it too."""
NAME_MAX = 255
"""Characters in the name of an organiser or a key."""
MEMBERS_MAX = 1_000
"""Members of one organiser."""
LIVE_KEYS_MAX = 100
"""Keys of one organiser, or of none, that are neither revoked nor expired."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Organiser:
    """Somebody who sells seats."""

    id: UUID
    name: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Somebody who works for an organiser."""

    organiser_id: UUID
    user_id: str
    role: Role
    since: datetime
    """When they got this role."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredKey:
    """An API key as stored; the key itself cannot be derived from it."""

    id: UUID
    name: str
    role: Role
    organiser_id: UUID | None
    """None for a key that is valid for all organisers."""
    digest: bytes
    """SHA-256 of the key."""
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    """Accurate to about a minute."""

    def is_live(self, now: datetime) -> bool:
        """Return whether the key is valid."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


def require_name(name: str) -> None:
    """Refuse a name of an organiser or a key that is empty, too long or unprintable.

    Raises:
        InvalidValue: The error names the field.
    """
    if not 1 <= len(name) <= NAME_MAX:
        raise InvalidValue("name", f"must have 1 to {NAME_MAX} characters")
    require_unicode("name", name)
    require_legible("name", name)


def require_unicode(field: str, text: str) -> None:
    """Refuse lone surrogates, which a command line that is not UTF-8 can contain: no database stores them.

    Raises:
        InvalidValue: The error names the field and does not contain the text.
    """
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise InvalidValue(field, "must be Unicode text")
