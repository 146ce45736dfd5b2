"""What is true of the whole installation, read by the one process that leads."""

from holdfast.infrastructure.postgres.connection import Timeouts, WatchedConnection, connect
from holdfast.infrastructure.postgres.failures import translated
from holdfast.infrastructure.postgres.queries import load_queries
from holdfast.telemetry.installation import EventSeats, Totals, installation

EVENTS_MAX = 20
"""Events whose seats are exported one by one."""

# A leader whose machine was cut off shall not keep the lock for the hours that TCP allows by default.
_KEEPALIVE = "SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3"


class PostgresTotals:
    """`application.ports.TotalsSource`: a connection of its own, for the lock belongs to the connection."""

    def __init__(self, database_url: str, timeouts: Timeouts, *, application_name: str) -> None:
        self._database_url = database_url
        self._timeouts = timeouts
        self._application_name = application_name
        self._connection: WatchedConnection | None = None
        self._leads = False
        self.queries = load_queries("totals")

    async def read(self) -> Totals | None:
        """Read the totals; None while another process leads.

        Whatever fails ends the leadership: another process may fare better, and this one begins anew.
        """
        try:
            with translated():
                return await self._read(await self._connected())
        except BaseException:
            await self.close()
            raise

    async def _read(self, connection: WatchedConnection) -> Totals | None:
        if not self._leads:
            self._leads = bool(await connection.fetchval(self.queries["try_to_lead"].sql))
            return None  # the first totals one round later: the leader before may still be exporting
        active = await connection.fetchrow(self.queries["reservations_in_total"].sql)
        overdue = await connection.fetchrow(self.queries["overdue_in_total"].sql)
        events = await connection.fetch(self.queries["busiest_events"].sql, EVENTS_MAX)
        assert active is not None
        assert overdue is not None
        return Totals(
            pending_reservations=active["pending"],
            confirmed_reservations=active["confirmed"],
            overdue_holds=overdue["holds"],
            overdue_seconds=overdue["seconds"],
            events=[EventSeats(str(row["id"]), *list(row.values())[1:]) for row in events],
        )

    async def close(self) -> None:
        """Cut the connection; with it ends the leadership."""
        if self._connection is not None:
            self._connection.terminate()

    async def _connected(self) -> WatchedConnection:
        if self._connection is None or self._connection.is_closed():
            self._leads = False
            self._connection = await connect(
                self._database_url, application_name=self._application_name, timeouts=self._timeouts
            )
            self._connection.add_termination_listener(_withdraw)
            await self._connection.execute(_KEEPALIVE)
        return self._connection


def _withdraw(_: object) -> None:
    """Without the connection another process may lead at once."""
    installation.withdraw()
