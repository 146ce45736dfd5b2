"""Queries about identity without a lock."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from asyncpg import Record

from holdfast.application.identity.policy import Reach
from holdfast.application.identity.ports import ArchivedOwner, AuditPlace, ReservationOwner, RightsVersion
from holdfast.domain.booking.archived import ArchivedReservation
from holdfast.domain.identity.accounts import Account
from holdfast.domain.identity.audit import StoredEntry
from holdfast.domain.identity.organisers import Member, Organiser, StoredKey
from holdfast.domain.identity.roles import Role
from holdfast.infrastructure.postgres.driver.failures import translated
from holdfast.infrastructure.postgres.driver.pool import SHORT_USE_SECONDS_MAX, Pool
from holdfast.infrastructure.postgres.driver.queries import Filled
from holdfast.infrastructure.postgres.driver.reading_on import to_its_end
from holdfast.infrastructure.postgres.identity.identity_queries import IDENTITY
from holdfast.infrastructure.postgres.identity.reads_queries import IDENTITY_READS
from holdfast.infrastructure.postgres.identity.rows import (
    account_from,
    entry_from,
    key_from,
    member_from,
    organiser_from,
)

_BEHIND_ALL = 2**63 - 1
_PRECISION = timedelta(microseconds=1)
"""Of PostgreSQL's times."""


class PostgresIdentityReads:
    """`application.identity.ports.IdentityReads`, `RightsSource` and `OwnersSource`, on a pool not used by sales."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def version(self) -> RightsVersion:
        """Return the version of all rights."""
        [row] = await self._rows(IDENTITY_READS.rights_version({}))
        return RightsVersion(row["version"], row["now"])

    async def api_keys_by_id(self, key_ids: Sequence[UUID]) -> tuple[int, Mapping[UUID, StoredKey]]:
        """Return keys by id."""
        rows = await self._rows(IDENTITY_READS.rights_of_keys({"key_ids": key_ids}))
        return rows[0]["version"], {row["id"]: key_from(row) for row in rows if row["id"] is not None}

    async def memberships(self, user_ids: Sequence[str]) -> tuple[int, Mapping[str, Mapping[UUID, Role]]]:
        """Return the roles of users."""
        rows = await self._rows(IDENTITY_READS.rights_of_users({"user_ids": user_ids}))
        found: dict[str, dict[UUID, Role]] = {}
        for row in rows:
            if row["user_id"] is not None:
                found.setdefault(row["user_id"], {})[row["organiser_id"]] = Role(row["role"])
        return rows[0]["version"], found

    async def organisers(self, reach: Reach, *, limit: int, offset: int) -> list[Organiser]:
        """Return organisers."""
        if reach.everything:
            statement = IDENTITY_READS.all_organisers({"limit": limit, "offset": offset})
        else:
            ids = sorted(reach.organiser_ids)
            statement = IDENTITY_READS.organisers({"organiser_ids": ids, "limit": limit, "offset": offset})
        return [organiser_from(row) for row in await self._rows(statement)]

    async def organiser(self, organiser_id: UUID) -> Organiser | None:
        """Return an organiser."""
        rows = await self._rows(IDENTITY.organiser({"organiser_id": organiser_id}))
        return organiser_from(rows[0]) if rows else None

    async def members(self, organiser_id: UUID, *, limit: int, offset: int) -> list[Member]:
        """Return members."""
        page = IDENTITY_READS.members({"organiser_id": organiser_id, "limit": limit, "offset": offset})
        return [member_from(row) for row in await self._rows(page)]

    async def api_keys(self, reach: Reach, *, limit: int, offset: int) -> list[StoredKey]:
        """Return keys."""
        if reach.everything:
            statement = IDENTITY_READS.all_api_keys({"limit": limit, "offset": offset})
        else:
            ids = sorted(reach.organiser_ids)
            statement = IDENTITY_READS.api_keys({"organiser_ids": ids, "limit": limit, "offset": offset})
        return [key_from(row) for row in await self._rows(statement)]

    async def api_key(self, key_id: UUID) -> StoredKey | None:
        """Return a key."""
        rows = await self._rows(IDENTITY.api_key({"key_id": key_id}))
        return key_from(rows[0]) if rows else None

    async def account(self, name: str) -> Account | None:
        """Return an account."""
        rows = await self._rows(IDENTITY.account({"name": name}))
        return account_from(rows[0]) if rows else None

    async def audit(
        self,
        reach: Reach,
        *,
        after: UUID | None,
        limit: int,
        after_at: datetime | None = None,  # noqa: ARG002 - only several databases need it
    ) -> list[StoredEntry]:
        """Return entries of the audit."""
        if after is None:
            return await self.audit_before(reach, None, limit=limit)
        place = await self.audit_place(reach, after)
        return [] if place is None else await self.audit_before(reach, place.position, limit=limit)

    async def audit_place(self, reach: Reach, entry_id: UUID) -> AuditPlace | None:
        """Find an entry of the audit."""
        ids = sorted(reach.organiser_ids)
        rows = await self._rows(
            IDENTITY_READS.place_in_audit({"entry_id": entry_id, "everything": reach.everything, "organiser_ids": ids})
        )
        return AuditPlace(rows[0]["position"], rows[0]["at"]) if rows else None

    async def audit_before(self, reach: Reach, position: int | None, *, limit: int) -> list[StoredEntry]:
        """Return the entries before a position."""
        before = _BEHIND_ALL if position is None else position
        if reach.everything:
            statement = IDENTITY_READS.whole_audit({"before": before, "limit": limit})
        else:
            ids = sorted(reach.organiser_ids)
            statement = IDENTITY_READS.audit_of_organisers({"organiser_ids": ids, "before": before, "limit": limit})
        return [entry_from(row) for row in await self._rows(statement)]

    async def position_after(self, at: datetime, *, including: bool) -> int:
        """Return the position before which older entries stand."""
        until = at + _PRECISION if including else at
        rows = await self._rows(IDENTITY_READS.position_in_audit({"until": until}))
        return rows[0]["position"] + 1 if rows else 0

    async def of_events(self, event_ids: Sequence[UUID]) -> Mapping[UUID, UUID]:
        """Return the organisers of events."""
        rows = await self._rows(IDENTITY_READS.owners_of_events({"event_ids": event_ids}))
        return {row["id"]: row["organiser_id"] for row in rows}

    async def are_published(self, event_ids: Sequence[UUID]) -> Mapping[UUID, bool]:
        """Return which events are published."""
        rows = await self._rows(IDENTITY_READS.published_events({"event_ids": event_ids}))
        return {row["id"]: row["published"] for row in rows}

    async def of_organisers(self, organiser_ids: Sequence[UUID]) -> Mapping[UUID, UUID]:
        """Return those organisers that exist."""
        page = IDENTITY_READS.organisers({"organiser_ids": organiser_ids, "limit": len(organiser_ids), "offset": 0})
        return {row["id"]: row["id"] for row in await self._rows(page)}

    async def of_reservations(self, reservation_ids: Sequence[UUID]) -> Mapping[UUID, ReservationOwner]:
        """Return the owners of reservations."""
        rows = await self._rows(IDENTITY_READS.owners_of_reservations({"reservation_ids": reservation_ids}))
        return {row["id"]: ReservationOwner(row["event_id"], row["user_id"], row["organiser_id"]) for row in rows}

    async def of_archived(self, reservation_ids: Sequence[UUID]) -> Mapping[UUID, ArchivedOwner]:
        """Return the owners of reservations that are in archives."""
        asked = IDENTITY_READS.owners_of_archived_reservations({"reservation_ids": reservation_ids})
        return {
            row["id"]: ArchivedOwner(ArchivedReservation(row["id"], row["event_id"], row["buyer"]), row["organiser_id"])
            for row in await self._rows(asked)
        }

    async def _rows(self, statement: Filled) -> list[Record]:
        return await to_its_end(self._fetch(statement))

    async def _fetch(self, statement: Filled) -> list[Record]:
        async with self._pool.connection(use_seconds_max=SHORT_USE_SECONDS_MAX) as connection:
            with translated(connection.cell):
                return await statement.fetch(connection)
