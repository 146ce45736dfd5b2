"""One connection to PostgreSQL, with the time-outs and planner settings that the hot path needs."""

import asyncio
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import asyncpg
from asyncpg import PostgresLogMessage

from holdfast.application.failures import ConnectionLost
from holdfast.infrastructure.postgres.driver.failures import troubles
from holdfast.infrastructure.postgres.driver.owners import owner_of, require_at_home
from holdfast.infrastructure.postgres.driver.poolers import connect_with
from holdfast.infrastructure.postgres.driver.statement_spans import trace_statements
from holdfast.server_urls.cells import Cell

PLANNER_SETTINGS = {
    # Without statistics, the planner chose sequential scans: 77 to 230 ms a batch instead of 3.6 ms.
    "enable_seqscan": "off",
    "jit": "off",
}
CITUS_SETTINGS = {
    # Citus asks about each row of pg_class whether it is a shard. The driver's query for the types of a row then took 3
    # to 15 s instead of 0.1 s, longer than any statement may take, so a new session could never read a batch.
    "citus.override_table_visibility": "off",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Time-outs, shortest first. Each ends what would otherwise run into the next."""

    connect_seconds: float = 1.0
    idle_in_transaction_seconds: float = 2.0
    lock_seconds: float = 3.0
    statement_seconds: float = 5.0
    bulk_statement_seconds: float = 30.0
    tcp_user_seconds: float = 2.0
    tcp_keepalive_seconds: int = 1


class WatchedConnection(asyncpg.Connection):
    """A connection that records warnings and gives access to its socket.

    A WARNING on COMMIT says that the wait for the synchronous standby was interrupted. What was committed may then be
    lost together with this server, so the outcome is unknown.
    """

    cell: Cell
    """Whose tables it reaches. `connect` says it before it gives the connection away."""

    def __init__(self, *args: Any, **keywords: Any) -> None:  # noqa: ANN401 - passed on as they come
        super().__init__(*args, **keywords)
        self.warnings: list[str] = []
        self.opened_at = time.monotonic()
        self._owner: str | None = None

    @property
    def is_at_home(self) -> bool:
        """Whether the cell is still where it was when this connection was opened. Only Citus ever moves one."""
        return self._owner == owner_of(self.cell)

    async def require_at_home(self) -> None:
        """Make sure that statements run on the node that this connection leads to.

        Raises:
            ConnectionLost: if Citus has moved the cell's schema.
        """
        await require_at_home(self, self.cell)

    def watch(self, timeouts: Timeouts, cell: Cell) -> None:
        """Start recording warnings, and set the socket's own time-outs."""
        self.cell, self._owner = cell, owner_of(cell)
        self.add_log_listener(self._note)
        transport: asyncio.Transport = self._transport  # type: ignore[attr-defined] # set by asyncpg.Connection
        peer = transport.get_extra_info("socket")
        if peer is None or peer.family == socket.AF_UNIX:
            return
        # asyncpg's parameters set these only on the server's side.
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, timeouts.tcp_keepalive_seconds)
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, timeouts.tcp_keepalive_seconds)
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(timeouts.tcp_user_seconds * 1000))

    def _note(self, _: object, message: PostgresLogMessage) -> None:
        if getattr(message, "severity_en", None) == "WARNING":
            self.warnings.append(str(message))


async def connect(where: Cell | str, *, application_name: str, timeouts: Timeouts) -> WatchedConnection:
    """Open a connection to a cell, or to the only database by its URL.

    Raises:
        ConnectionLost: if none can be opened, whatever the server, the network or the driver reports. No request is
            involved yet, so none can be at fault. Even a changed password is like a server that is away: it passes
            once an operator has fixed it.
    """
    cell = Cell.of(where)
    try:
        return await _connect(cell, application_name, timeouts)
    except Exception as error:
        failure = ConnectionLost(f"{getattr(error, 'sqlstate', None) or type(error).__name__}: {error}")
        troubles.note(failure, error, cell, connecting=True)
        raise failure from error


async def _connect(cell: Cell, application_name: str, timeouts: Timeouts) -> WatchedConnection:
    settings: Mapping[str, str] = {
        **PLANNER_SETTINGS,
        "plan_cache_mode": f"force_{cell.plan_mode}_plan",
        **cell.search_path,
        **(CITUS_SETTINGS if cell.citus else {}),
        # If row-level security were switched on, it would hide rows, and buyers would be told that their event or
        # reservation does not exist. With this setting, PostgreSQL refuses the statement instead.
        "row_security": "off",
        "application_name": application_name,
        "idle_in_transaction_session_timeout": _milliseconds(timeouts.idle_in_transaction_seconds),
        "lock_timeout": _milliseconds(timeouts.lock_seconds),
        "statement_timeout": _milliseconds(timeouts.statement_seconds),
    }
    connection = await connect_with(
        cell,
        settings,
        timeout=timeouts.connect_seconds,
        connection_class=WatchedConnection,
        statement_cache_size=200,
        max_cached_statement_lifetime=0,
        max_cacheable_statement_size=0,
    )
    assert isinstance(connection, WatchedConnection)
    try:
        connection.watch(timeouts, cell)
        trace_statements(connection)
    except OSError:  # the socket is already closed
        connection.terminate()
        raise
    return connection


def _milliseconds(seconds: float) -> str:
    return str(int(seconds * 1000))
