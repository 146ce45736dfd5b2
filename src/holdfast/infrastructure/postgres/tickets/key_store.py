"""Stores the keys that sign tickets. Changes of keys run one after another, under an advisory lock."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from asyncpg import Record

from holdfast.application.tickets.ports import PrivateKey
from holdfast.domain.identity.audit import AuditEntry
from holdfast.domain.tickets.keys import KeyPair, StoredTicketKey
from holdfast.infrastructure.postgres.driver.connection import WatchedConnection
from holdfast.infrastructure.postgres.driver.failures import translated
from holdfast.infrastructure.postgres.driver.pool import SHORT_USE_SECONDS_MAX, Pool
from holdfast.infrastructure.postgres.driver.queries import Filled
from holdfast.infrastructure.postgres.driver.reading_on import to_its_end
from holdfast.infrastructure.postgres.driver.transaction import commit, rollback_if_open
from holdfast.infrastructure.postgres.identity.audit import append_to_audit, has_audit_entry
from holdfast.infrastructure.postgres.tickets.tickets_queries import TICKETS, NewKey

_KEYS_LOCK = 0x7469636B
"""Key of the advisory lock for changing keys."""


class PostgresTicketKeys:
    """`application.tickets.ports.KeyStore`."""

    def __init__(self, read_pool: Pool, write_pool: Pool) -> None:
        """Set the pools.

        Args:
            read_pool: For short reads.
            write_pool: For changes, which wait for each other.
        """
        self._read_pool = read_pool
        self._write_pool = write_pool

    async def signing(self) -> PrivateKey | None:
        """Return the key that signs."""
        rows = await self._read(TICKETS.signing_key({}))
        return _private_from(rows[0]) if rows else None

    async def keys(self) -> Sequence[StoredTicketKey]:
        """Return all keys."""
        return [
            StoredTicketKey(
                id=row["id"],
                public=row["public_key"],
                created_at=row["created_at"],
                retired_at=row["retired_at"],
                revoked_at=row["revoked_at"],
            )
            for row in await self._read(TICKETS.keys({}))
        ]

    async def make_first(self, pair: KeyPair) -> PrivateKey:
        """Store a key, unless there is one that signs."""
        async with self._change() as (connection, now):
            with translated(connection.cell):
                row = await TICKETS.signing_key({}).fetchrow(connection)
            if row is None:
                await _insert(connection, pair, now)
        return PrivateKey(id=pair.id, private=pair.private) if row is None else _private_from(row)

    async def rotate(self, pair: KeyPair, entry: AuditEntry) -> None:
        """Retire the key that signs, and store the new one."""
        async with self._change() as (connection, now):
            with translated(connection.cell):
                if await TICKETS.has_key({"key_id": pair.id}).fetchval(connection):
                    return  # an earlier attempt was committed
                await TICKETS.retire_signing_key({"now": now}).execute(connection)
            await _insert(connection, pair, now)
            await append_to_audit(connection, entry, now)

    async def revoke(self, key_id: bytes, entry: AuditEntry) -> bool:
        """Revoke a key."""
        async with self._change() as (connection, now):
            with translated(connection.cell):
                if not await TICKETS.has_key({"key_id": key_id}).fetchval(connection):
                    return False
                done = await TICKETS.revoke_key({"key_id": key_id, "now": now}).execute(connection)
            if done != "UPDATE 0" and not await has_audit_entry(connection, entry.id):
                await append_to_audit(connection, entry, now)
        return True

    @asynccontextmanager
    async def _change(self) -> AsyncIterator[tuple[WatchedConnection, datetime]]:
        """Begin a transaction and lock the keys; commit unless the block raises."""
        async with self._write_pool.connection() as connection:
            try:
                with translated(connection.cell):
                    await connection.execute("BEGIN")
                    await TICKETS.lock_keys({"key": _KEYS_LOCK}).execute(connection)
                    now: datetime = await TICKETS.time_after_lock({}).fetchval(connection)
                yield connection, now
                with translated(connection.cell):
                    await commit(connection)
            finally:
                await rollback_if_open(connection)

    async def _read(self, statement: Filled) -> list[Record]:
        return await to_its_end(self._fetch(statement))

    async def _fetch(self, statement: Filled) -> list[Record]:
        async with self._read_pool.connection(use_seconds_max=SHORT_USE_SECONDS_MAX) as connection:
            with translated(connection.cell):
                return await statement.fetch(connection)


async def _insert(connection: WatchedConnection, pair: KeyPair, now: datetime) -> None:
    new: NewKey = {"key_id": pair.id, "private_key": pair.private, "public_key": pair.public, "now": now}
    with translated(connection.cell):
        await TICKETS.insert_key(new).execute(connection)


def _private_from(row: Record) -> PrivateKey:
    return PrivateKey(id=row["id"], private=row["private_key"])
