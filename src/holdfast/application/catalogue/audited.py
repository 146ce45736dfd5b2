"""What the audit says of a change of an event."""

from uuid import UUID

from holdfast.application.identifiers import uuid7
from holdfast.domain.identity.audit import Act, Actor, AuditEntry


def entry_of(actor: Actor, verb: str, event_id: UUID, organiser_id: UUID, **details: object) -> AuditEntry:
    """Make an entry; once for all attempts at a change, so that it is written once."""
    act = Act(verb=verb, kind="event", thing_id=str(event_id), organiser_id=organiser_id, details=details)
    return AuditEntry(id=uuid7(), actor=actor, act=act)
