"""Audit entries for changes of events."""

from uuid import UUID

from holdfast.application.identifiers import CellIds
from holdfast.domain.identity.audit import Act, Actor, AuditEntry


def entry_of(
    ids: CellIds, actor: Actor, verb: str, event_id: UUID, organiser_id: UUID, **details: object
) -> AuditEntry:
    """Return a new entry. Make it once for all attempts at a change, so that it is written only once."""
    act = Act(verb=verb, kind="event", thing_id=str(event_id), organiser_id=organiser_id, details=details)
    return AuditEntry(id=ids.new(), actor=actor, act=act)
