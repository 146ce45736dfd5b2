"""The audit's record of an administrative action."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from holdfast.domain.identity.principal import Principal

_NOTHING: Mapping[str, object] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acts, and with which request."""

    principal: Principal
    request_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What was done to which thing."""

    verb: str
    """The policy's name of the action."""
    kind: str
    """The kind of the thing."""
    thing_id: str
    organiser_id: UUID | None
    """The organiser whose members may read it, besides admins."""
    details: Mapping[str, object] = field(default_factory=lambda: _NOTHING)
    """More about it, ready for JSON; never a secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """An entry to append."""

    id: UUID
    """The same for all attempts, so that an attempt whose response was lost is recognised."""
    actor: Actor
    act: Act


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEntry:
    """An entry as stored, in plain text: what it names may have been deleted or renamed since."""

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
