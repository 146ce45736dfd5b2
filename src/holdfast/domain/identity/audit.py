"""What the audit keeps of an administrative act."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from holdfast.domain.identity.principal import Principal

_NOTHING: Mapping[str, object] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acts, and by which request."""

    principal: Principal
    request_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What was done to which thing."""

    verb: str
    """By the policy's name for it."""
    kind: str
    """Of the thing."""
    thing_id: str
    organiser_id: UUID | None
    """Who may read of it beside admins."""
    details: Mapping[str, object] = field(default_factory=lambda: _NOTHING)
    """More about it, ready for JSON; never a secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """An entry to be appended."""

    id: UUID
    """Made once, so that an attempt whose answer was lost is found again."""
    actor: Actor
    act: Act


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEntry:
    """An entry as stored: words, since what they name may be gone or called otherwise by now."""

    id: UUID
    at: datetime
    subject: str
    proof: str
    verb: str
    kind: str
    thing_id: str
    organiser_id: UUID | None
    request_id: str
    details: Mapping[str, object]
