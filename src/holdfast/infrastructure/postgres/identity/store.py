"""Stores administrative actions."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

from asyncpg import Record

from holdfast.domain.identity.accounts import Account
from holdfast.domain.identity.audit import AuditEntry
from holdfast.domain.identity.organisers import Member, Organiser, StoredKey
from holdfast.domain.identity.roles import Role
from holdfast.domain.identity.sessions import LINK_MINUTES
from holdfast.infrastructure.postgres.driver.connection import WatchedConnection
from holdfast.infrastructure.postgres.driver.failures import translated
from holdfast.infrastructure.postgres.driver.pool import SHORT_USE_SECONDS_MAX, Pool
from holdfast.infrastructure.postgres.driver.queries import Filled
from holdfast.infrastructure.postgres.driver.transaction import commit, rollback_if_open
from holdfast.infrastructure.postgres.identity.audit import append_to_audit, has_audit_entry
from holdfast.infrastructure.postgres.identity.identity_queries import IDENTITY
from holdfast.infrastructure.postgres.identity.rows import account_from, key_from, member_from, organiser_from
from holdfast.infrastructure.postgres.identity.session_queries import SESSIONS


class PostgresIdentityTransaction:
    """One administrative action (`application.identity.ports.IdentityTransaction`)."""

    def __init__(self, connection: WatchedConnection) -> None:
        self._connection = connection

    async def lock(self) -> datetime:
        """Lock, then read the time with a separate statement."""
        await self._execute(IDENTITY.lock_rights({}))
        with translated(self._connection.cell):
            now: datetime = await IDENTITY.time_after_lock({}).fetchval(self._connection)
        return now

    async def has_entry(self, entry_id: UUID) -> bool:
        """Return whether an earlier attempt was committed."""
        return await has_audit_entry(self._connection, entry_id)

    async def append(self, entry: AuditEntry, now: datetime) -> None:
        """Append the action to the audit, and raise the version of all rights."""
        await self._execute(IDENTITY.raise_rights({}))
        await append_to_audit(self._connection, entry, now)

    async def organiser(self, organiser_id: UUID) -> Organiser | None:
        """Return an organiser."""
        row = await self._row(IDENTITY.organiser({"organiser_id": organiser_id}))
        return organiser_from(row) if row else None

    async def insert_organiser(self, organiser: Organiser) -> None:
        """Store a new organiser."""
        await self._execute(
            IDENTITY.insert_organiser(
                {"organiser_id": organiser.id, "name": organiser.name, "now": organiser.created_at}
            )
        )

    async def member(self, organiser_id: UUID, user_id: str) -> Member | None:
        """Return a member."""
        row = await self._row(IDENTITY.member({"organiser_id": organiser_id, "user_id": user_id}))
        return member_from(row) if row else None

    async def roles_of(self, user_id: str) -> Mapping[UUID, Role]:
        """Return the roles of a user."""
        with translated(self._connection.cell):
            rows = await IDENTITY.roles_of({"user_id": user_id}).fetch(self._connection)
        return {row["organiser_id"]: Role(row["role"]) for row in rows}

    async def count_members(self, organiser_id: UUID) -> int:
        """Return how many members an organiser has."""
        return await self._count(IDENTITY.count_members({"organiser_id": organiser_id}))

    async def put_member(self, member: Member) -> None:
        """Store a member."""
        await self._execute(
            IDENTITY.put_member(
                {
                    "organiser_id": member.organiser_id,
                    "user_id": member.user_id,
                    "role": member.role.value,
                    "now": member.since,
                }
            )
        )

    async def delete_member(self, organiser_id: UUID, user_id: str) -> None:
        """Remove a member."""
        await self._execute(IDENTITY.delete_member({"organiser_id": organiser_id, "user_id": user_id}))

    async def api_key(self, key_id: UUID) -> StoredKey | None:
        """Return a key."""
        row = await self._row(IDENTITY.api_key({"key_id": key_id}))
        return key_from(row) if row else None

    async def count_live_api_keys(self, organiser_id: UUID | None, now: datetime) -> int:
        """Return how many live keys there are."""
        return await self._count(IDENTITY.count_live_api_keys({"organiser_id": organiser_id, "now": now}))

    async def insert_api_key(self, key: StoredKey) -> None:
        """Store a new key."""
        await self._execute(
            IDENTITY.insert_api_key(
                {
                    "key_id": key.id,
                    "name": key.name,
                    "role": key.role.value,
                    "organiser_id": key.organiser_id,
                    "digest": key.digest,
                    "now": key.created_at,
                    "expires_at": key.expires_at,
                }
            )
        )

    async def revoke_api_key(self, key_id: UUID, now: datetime) -> None:
        """Mark a key revoked."""
        await self._execute(IDENTITY.revoke_api_key({"key_id": key_id, "now": now}))

    async def account(self, name: str) -> Account | None:
        """Return an account."""
        row = await self._row(IDENTITY.account({"name": name}))
        return account_from(row) if row else None

    async def insert_account(self, account: Account) -> None:
        """Store a new account."""
        await self._execute(
            IDENTITY.insert_account(
                {"name": account.name, "password_hash": account.password_hash, "now": account.created_at}
            )
        )

    async def set_password(self, name: str, password_hash: str, now: datetime) -> None:
        """Replace the password of an account."""
        await self._execute(IDENTITY.set_password({"name": name, "password_hash": password_hash, "now": now}))

    async def has_session(self, user_id: str) -> bool:
        """Return whether a user has a session."""
        with translated(self._connection.cell):
            return bool(await SESSIONS.has_session({"user_id": user_id}).fetchval(self._connection))

    async def end_sessions(self, user_id: str) -> None:
        """End sessions, and remove links."""
        await self._execute(SESSIONS.delete_sessions_of_user({"user_id": user_id}))
        await self._execute(SESSIONS.delete_links_of_user({"user_id": user_id}))

    async def insert_link(self, digest: bytes, *, user_id: str, admin: bool) -> None:
        """Store a sign-in link."""
        await self._execute(
            SESSIONS.insert_link({"digest": digest, "user_id": user_id, "admin": admin, "minutes": LINK_MINUTES})
        )

    async def commit(self) -> None:
        """Commit; a warning from the wait for the standby is treated as a lost connection."""
        with translated(self._connection.cell):
            await commit(self._connection)

    async def _row(self, statement: Filled) -> Record | None:
        with translated(self._connection.cell):
            return await statement.fetchrow(self._connection)

    async def _count(self, statement: Filled) -> int:
        with translated(self._connection.cell):
            return int(await statement.fetchval(self._connection))

    async def _execute(self, statement: Filled) -> str:
        with translated(self._connection.cell):
            return await statement.execute(self._connection)


class PostgresIdentityStore:
    """`application.identity.ports.IdentityStore` and `Bookkeeping`, on a pool that sales do not use."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[PostgresIdentityTransaction]:
        """Begin a transaction on a borrowed connection; it is rolled back unless it is committed."""
        async with self._pool.connection() as connection:
            try:
                with translated(connection.cell):
                    await connection.execute("BEGIN")
                yield PostgresIdentityTransaction(connection)
            finally:
                await rollback_if_open(connection)

    async def record_uses(self, key_ids: Sequence[UUID]) -> None:
        """Record when keys were used."""
        await self._run(IDENTITY.record_key_uses({"key_ids": key_ids}))

    async def replace_hash(self, account: Account, password_hash: str) -> None:
        """Store a new hash of the same password."""
        await self._run(
            IDENTITY.replace_hash(
                {"name": account.name, "old_hash": account.password_hash, "password_hash": password_hash}
            )
        )

    async def _run(self, statement: Filled) -> None:
        async with self._pool.connection(use_seconds_max=SHORT_USE_SECONDS_MAX) as connection:
            with translated(connection.cell):
                await statement.execute(connection)
