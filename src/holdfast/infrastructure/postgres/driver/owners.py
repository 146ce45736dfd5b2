"""Connects to the node that owns the tables of a cell, if Citus distributes its schema.

Every node of Citus passes statements on to the one that has the tables. For Holdfast this is not good enough, and in
one case a disaster: the warning with which a COMMIT says that nothing waited for the standby is lost on the way, so
that a reservation could be acknowledged which a failover then loses; and Citus 13.2 crashes, with all sessions of the
node, when it passes on an UPDATE that takes an element of an array, as batches do.

When Citus has moved the schema, sessions at the old node go on as if nothing had happened. So each transaction looks,
once it has locked its event, whether the tables are still there, and in the same statement keeps them from being moved
until it ends.
"""

from typing import Any

import asyncpg

from holdfast.application.failures import ConnectionLost
from holdfast.infrastructure.postgres.driver.failures import translated
from holdfast.infrastructure.postgres.driver.hosts import connect_to_one_of
from holdfast.server_urls import postgres
from holdfast.server_urls.cells import Cell

_OWNER = """
SELECT n.nodename, n.nodeport
FROM pg_namespace s
JOIN pg_dist_schema d ON d.schemaid = s.oid
JOIN pg_dist_partition t ON t.colocationid = d.colocationid
JOIN pg_dist_shard h ON h.logicalrelid = t.logicalrelid
JOIN pg_dist_placement p ON p.shardid = h.shardid
JOIN pg_dist_node n ON n.groupid = p.groupid AND n.noderole = 'primary' AND n.isactive
WHERE s.nspname = $1
LIMIT 1"""

_WHERE_IT_RUNS = """
WITH held AS (
    UPDATE events SET version = version WHERE id = '00000000-0000-0000-0000-000000000000' RETURNING 1
)
SELECT pg_backend_pid() AS pid, count(*) FROM installation LEFT JOIN held ON true"""
"""Returns the process that reads a table of the schema. If it is not the one at the other end of this connection, the
table is on another node. The UPDATE of nothing keeps the schema where it is until the transaction ends; locking a row
for an update does not."""

_owners: dict[Cell, str] = {}
"""For each distributed cell, the URL of the node that owned its schema when it was last looked up."""


def owner_of(cell: Cell) -> str | None:
    """Return the URL of the node that owns the schema, if it is known; None for a cell that Citus does not distribute.

    A session that was opened while this was something else should not be used any more.
    """
    return _owners.get(cell) if cell.citus else None


async def connect_to_owner(cell: Cell, *, timeout: float, **named: Any) -> asyncpg.Connection:  # noqa: ANN401, ASYNC109 - the driver's own
    """Connect like `connect_to_one_of`; if Citus distributes the schema, to the node that owns it.

    The node is remembered, so the coordinator is needed only when this process has not asked yet, when the schema has
    moved, and when the node does not accept a connection: it may have been replaced.

    Raises:
        Exception: the driver's error for the owner, or for the coordinator if that cannot be asked.
    """
    if not cell.citus:
        return await connect_to_one_of(cell.url, timeout=timeout, **named)
    known = _owners.get(cell)
    if known is not None:
        try:
            connection: asyncpg.Connection = await asyncpg.connect(known, timeout=timeout, **named)
        except Exception:
            if await _look_up(cell, timeout) == known:
                raise
        else:
            return connection
    owner = await _look_up(cell, timeout)
    if owner is None:  # without tables nobody owns it yet
        return await connect_to_one_of(cell.url, timeout=timeout, **named)
    connection = await asyncpg.connect(owner, timeout=timeout, **named)
    _owners[cell] = owner
    return connection


async def require_at_home(connection: asyncpg.Connection, cell: Cell) -> None:
    """Make sure that this session's statements run on the node that it leads to; in a transaction, until its end.

    Raises:
        ConnectionLost: if Citus has moved the schema. The next connection leads to its new node.
    """
    if not cell.citus:
        return
    with translated(cell):
        pid = await connection.fetchval(_WHERE_IT_RUNS)
    if pid != connection.get_server_pid():
        _owners.pop(cell, None)
        raise ConnectionLost("Citus has moved the schema to another node")


async def _look_up(cell: Cell, timeout: float) -> str | None:  # noqa: ASYNC109 - the driver's own
    connection = await connect_to_one_of(cell.url, timeout=timeout)
    try:
        row = await connection.fetchrow(_OWNER, cell.schema, timeout=timeout)
    finally:
        connection.terminate()
    return None if row is None else postgres.at_host(cell.url, row["nodename"], row["nodeport"])
