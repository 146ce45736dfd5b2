"""Takes the rows of an event away, as the archiver does, and brings them back; without a file.

How an archived event answers depends on the rows alone. What is in the file has tests of its own.
"""

from dataclasses import dataclass
from uuid import UUID

import asyncpg

from holdfast.domain.booking.archived import buyer_digest

TABLES = ("claims", "reservations", "changes")


@dataclass(frozen=True)
class Archive:
    """The rows that an event had."""

    database_url: str
    event_id: UUID
    rows: dict[str, str]
    """By table, as one JSON array."""

    async def restore(self) -> None:
        """Bring the rows back."""
        connection = await asyncpg.connect(self.database_url)
        try:
            async with connection.transaction():
                await connection.execute("SELECT 1 FROM events WHERE id = $1 FOR NO KEY UPDATE", self.event_id)
                for table, rows in self.rows.items():
                    await connection.execute(
                        f"INSERT INTO {table} SELECT * FROM jsonb_populate_recordset(NULL::{table}, $1::jsonb)", rows
                    )
                await connection.execute("DELETE FROM archived_reservations WHERE event_id = $1", self.event_id)
                await connection.execute(
                    "UPDATE archives SET restored_at = clock_timestamp() WHERE event_id = $1", self.event_id
                )
                await connection.execute("UPDATE events SET archived_at = NULL WHERE id = $1", self.event_id)
        finally:
            await connection.close()


async def archive(database_url: str, event_id: UUID | str) -> Archive:
    """Archive an event as it is, whether it is over or not."""
    event_id = UUID(str(event_id))
    connection = await asyncpg.connect(database_url)
    try:
        async with connection.transaction():
            await connection.execute("SELECT 1 FROM events WHERE id = $1 FOR NO KEY UPDATE", event_id)
            found = {}
            counts = []
            for table in TABLES:
                query = f"SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]')::text FROM {table} t WHERE event_id = $1"
                found[table] = await connection.fetchval(query, event_id)
                counts.append(await connection.fetchval("SELECT jsonb_array_length($1::jsonb)", found[table]))
            made = await connection.fetch("SELECT id, user_id FROM reservations WHERE event_id = $1", event_id)
            await connection.executemany(
                "INSERT INTO archived_reservations (id, event_id, buyer) VALUES ($1, $2, $3)",
                [(row["id"], event_id, buyer_digest(row["id"], row["user_id"])) for row in made],
            )
            await connection.execute(
                """
                INSERT INTO archives (
                    event_id, file, format, sha256, bytes, version, claims, reservations, changes, archived_at
                )
                SELECT id, 'none', 'none', sha256(''), 0, version, $2, $3, $4, clock_timestamp() FROM events
                WHERE id = $1
                ON CONFLICT (event_id) DO UPDATE SET
                    version = excluded.version, claims = excluded.claims, reservations = excluded.reservations,
                    changes = excluded.changes, archived_at = excluded.archived_at, restored_at = NULL
                """,
                event_id,
                *counts,
            )
            for table in TABLES:
                await connection.execute(f"DELETE FROM {table} WHERE event_id = $1", event_id)
            await connection.execute("UPDATE events SET archived_at = clock_timestamp() WHERE id = $1", event_id)
    finally:
        await connection.close()
    return Archive(database_url, event_id, found)
