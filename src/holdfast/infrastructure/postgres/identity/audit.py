"""Appends to the audit, in the transaction of the action itself."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict
from uuid import UUID

from holdfast.domain.identity.audit import AuditEntry
from holdfast.infrastructure.postgres.driver.connection import WatchedConnection
from holdfast.infrastructure.postgres.driver.failures import translated
from holdfast.infrastructure.postgres.driver.queries import Query, bound, load_queries

_AUDIT_LOCK = 0x61756469
"""Key of the advisory lock for appending."""


class _OfLock(TypedDict):
    key: int


class _OfEntry(TypedDict):
    entry_id: UUID


class _NewEntry(_OfEntry):
    now: datetime
    subject: str
    proof: str
    verb: str
    kind: str
    thing_id: str
    organiser_id: UUID | None
    request_id: str
    details: str


@dataclass(frozen=True)
class AuditQueries:
    """The statements of `audit.sql`."""

    lock_audit: Query[_OfLock]
    append_to_audit: Query[_NewEntry]
    has_audit_entry: Query[_OfEntry]


AUDIT = bound(AuditQueries, load_queries("identity/audit"))


async def append_to_audit(connection: WatchedConnection, entry: AuditEntry, now: datetime) -> None:
    """Append an entry. Call it last before the COMMIT, since other transactions wait for the lock until then.

    Args:
        connection: In the transaction of the action.
        entry: The entry.
        now: When the action was done, by the database's clock.

    Raises:
        ConnectionLost, Contended, Obstructed: It could not be appended.
    """
    act, actor = entry.act, entry.actor
    with translated(connection.cell):
        await AUDIT.lock_audit({"key": _AUDIT_LOCK}).execute(connection)
        await AUDIT.append_to_audit(
            {
                "entry_id": entry.id,
                "now": now,
                "subject": actor.principal.subject or "",
                "proof": actor.principal.proof,
                "verb": act.verb,
                "kind": act.kind,
                "thing_id": act.thing_id,
                "organiser_id": act.organiser_id,
                "request_id": actor.request_id,
                "details": json.dumps(dict(act.details), ensure_ascii=False),
            }
        ).execute(connection)


async def has_audit_entry(connection: WatchedConnection, entry_id: UUID) -> bool:
    """Return whether the audit has an entry."""
    with translated(connection.cell):
        return bool(await AUDIT.has_audit_entry({"entry_id": entry_id}).fetchval(connection))
