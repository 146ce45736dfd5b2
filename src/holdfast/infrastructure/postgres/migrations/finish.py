"""`holdfast migrate finish`: the last step of an upgrade, once no node of an older version is left.

Until then nodes of two versions write the same tables, so features that the older one would not understand stay off
(`application.features`).
"""

import asyncio
from collections.abc import Sequence

import asyncpg

from holdfast.infrastructure.postgres.driver.known_schema import newest_migration

LOOKS = 6
LOOK_SECONDS = 0.5
"""Each process opens its connection for the totals within about a second, so none is missed in three."""

_PIDS_SHOWN_MAX = 5

_OLDER = """
SELECT coalesce(host(client_addr), 'this machine') AS host,
    coalesce(nullif(split_part(application_name, '/', 2), ''), 'none') AS newest,
    string_agg(DISTINCT split_part(split_part(application_name, '/', 1), '-', 2), ', ') AS parts,
    array_agg(pid ORDER BY pid) AS pids
FROM pg_stat_activity
WHERE datname = current_database() AND application_name LIKE 'holdfast-%'
    AND split_part(application_name, '/', 2) COLLATE "C" < $1
GROUP BY 1, 2 ORDER BY 1, 2"""


class OlderNodesError(Exception):
    """Nodes of an older version are connected; the message lists them."""


async def finished_migration(connection: asyncpg.Connection) -> str | None:
    """Return the migration up to which upgrades are finished; None if the schema is too old to have that."""
    if await connection.fetchval("SELECT to_regclass('installation')") is None:
        return None
    finished: str = await connection.fetchval("SELECT finished FROM installation")
    return finished


async def older_nodes(connection: asyncpg.Connection) -> list[str]:
    """Return the machines, one per line, from which nodes of an older version are connected."""
    rows = await connection.fetch(_OLDER, newest_migration())
    return [
        f"{row['parts']} on {row['host']} (newest migration known: {row['newest']}; pids {_listed(row['pids'])})"
        for row in rows
    ]


async def finish(connection: asyncpg.Connection, *, force: bool = False, looks: int = LOOKS) -> None:
    """Let nodes use the features that came with this version.

    Args:
        connection: A connection that has the turn to migrate; the schema must be this version's.
        force: Do not look for older nodes.
        looks: How often to look for older nodes, since one may just be reconnecting.

    Raises:
        OlderNodesError: There are older nodes. Nothing has changed.
    """
    for look in range(0 if force else looks):
        if look > 0:
            await asyncio.sleep(LOOK_SECONDS)
        nodes = await older_nodes(connection)
        if nodes:
            raise OlderNodesError(
                f"nodes of an older version are connected; end them first, or add --force: {'; '.join(nodes)}"
            )
    await connection.execute("UPDATE installation SET finished = $1", newest_migration())


async def take_back(connection: asyncpg.Connection, below: str) -> None:
    """Switch off the features that came after this revision, before migrating down."""
    if await finished_migration(connection) is not None:
        await connection.execute("UPDATE installation SET finished = $1 WHERE finished > $1", below)


def _listed(pids: Sequence[int]) -> str:
    return ", ".join(map(str, pids[:_PIDS_SHOWN_MAX])) + (", …" if len(pids) > _PIDS_SHOWN_MAX else "")
