"""Reads the audit."""

from datetime import datetime
from uuid import UUID

from holdfast.application.identity.identity import Identity
from holdfast.application.identity.organisers import require_in_organiser
from holdfast.application.identity.policy import Reach, reach_of, require_unseen
from holdfast.application.identity.verbs import Verb
from holdfast.domain.identity.audit import StoredEntry
from holdfast.domain.identity.principal import Principal


async def read_audit(
    identity: Identity,
    principal: Principal,
    *,
    organiser_id: UUID | None,
    after: UUID | None,
    limit: int,
    after_at: datetime | None = None,
) -> list[StoredEntry]:
    """Return the entries that the caller may see, newest first.

    Args:
        identity: The capability of this process.
        principal: The caller.
        organiser_id: Return only entries of this organiser.
        after: The id of the last entry of the page before.
        limit: The most entries to return.
        after_at: The time of that entry, by which the list goes on while the cell that has it is away.

    Raises:
        Unauthenticated, Forbidden: The policy refuses it.
        OrganiserNotFound: The caller may not see the organiser.
        Unavailable: The cell that has the entry `after` is away, and its time was not given.
    """
    require_unseen(principal, Verb.READ_AUDIT)
    reach = reach_of(principal, Verb.READ_AUDIT)
    if organiser_id is not None:
        require_in_organiser(principal, Verb.GET_ORGANISER, organiser_id)
        inside = reach.everything or organiser_id in reach.organiser_ids
        reach = Reach(organiser_ids=frozenset({organiser_id}) if inside else frozenset())
    return await identity.audit_reads.audit(reach, after=after, limit=limit, after_at=after_at)
