"""Ends a transaction: with COMMIT, whose outcome may remain unknown, or with ROLLBACK."""

from holdfast.application.failures import ConnectionLost, OperationalFailure
from holdfast.infrastructure.postgres.driver.connection import WatchedConnection
from holdfast.infrastructure.postgres.driver.failures import translated


async def commit(connection: WatchedConnection, *, known_at_home: bool = False) -> None:
    """Commit, and make sure that it took effect.

    Args:
        connection: In a transaction.
        known_at_home: `require_at_home` was called after a row was locked, so that Citus cannot have moved it since.

    Raises:
        ConnectionLost: if PostgreSQL sent a warning, as it does when the wait for the standby is interrupted, if it had
            rolled the transaction back, or, before anything is sent, if the schema is not on this node any more.
    """
    if not known_at_home:
        await connection.require_at_home()
    connection.warnings.clear()
    status = await connection.execute("COMMIT")
    if connection.warnings or status != "COMMIT":
        raise ConnectionLost(f"COMMIT gave {status}: {'; '.join(connection.warnings)}")


async def rollback_if_open(connection: WatchedConnection) -> None:
    """Roll back a transaction that was not committed. If that fails, the pool cuts the connection."""
    if connection.is_closed() or not connection.is_in_transaction():
        return
    try:
        with translated(connection.cell):
            await connection.execute("ROLLBACK")
    except OperationalFailure:
        connection.terminate()
