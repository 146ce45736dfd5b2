"""The end of a transaction: COMMIT, whose outcome may stay unknown, or ROLLBACK."""

from holdfast.application.failures import ConnectionLost, OperationalFailure
from holdfast.infrastructure.postgres.driver.connection import WatchedConnection
from holdfast.infrastructure.postgres.driver.failures import translated


async def commit(connection: WatchedConnection) -> None:
    """Commit, and be sure of it.

    Raises:
        ConnectionLost: when PostgreSQL warned, as it does when the wait for the standby is broken off, or had rolled
            the transaction back.
    """
    connection.warnings.clear()
    status = await connection.execute("COMMIT")
    if connection.warnings or status != "COMMIT":
        raise ConnectionLost(f"COMMIT gave {status}: {'; '.join(connection.warnings)}")


async def rollback_if_open(connection: WatchedConnection) -> None:
    """End a transaction that was not committed; a connection that cannot do that is left for the pool to cut."""
    if connection.is_closed() or not connection.is_in_transaction():
        return
    try:
        with translated():
            await connection.execute("ROLLBACK")
    except OperationalFailure:
        connection.terminate()
