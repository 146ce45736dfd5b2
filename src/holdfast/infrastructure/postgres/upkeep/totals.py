"""Totals of a cell, read by the one process that leads it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict
from uuid import UUID

from holdfast.infrastructure.postgres.driver.connection import Timeouts, WatchedConnection, connect
from holdfast.infrastructure.postgres.driver.failures import translated
from holdfast.infrastructure.postgres.driver.queries import Nothing, Query, bound, load_queries
from holdfast.server_urls.cells import Cell
from holdfast.telemetry.installation import EventSeats, Totals, installation


class Slice(TypedDict):
    """Consecutive events by id: up to a given one or, if that is None, as many as a slice has."""

    after_event_id: UUID
    until_event_id: UUID | None
    slice_events: int


class BusiestOfSlice(Slice):
    """How many of them to find."""

    events_max: int


@dataclass(frozen=True, slots=True)
class TotalsQueries:
    """The statements of `totals.sql`."""

    try_to_lead: Query[Nothing]
    slice_of_events: Query[Slice]
    busiest_events: Query[BusiestOfSlice]
    overdue_in_total: Query[Nothing]
    oldest_snapshot: Query[Nothing]


TOTALS = bound(TotalsQueries, load_queries("upkeep/totals"))


EVENTS_MAX = 20
"""Events whose seats are exported individually."""
SLICE_EVENTS = 2_000
"""Events in a slice. Two slices are read each second, and each takes PostgreSQL about a millisecond."""
_FIRST = UUID(int=0)

# If a leader's machine is cut off, the lock must not stay for the hours that TCP's defaults allow.
_KEEPALIVE = "SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3"


@dataclass(frozen=True, slots=True)
class _Slice:
    """What was read of some consecutive events, by id."""

    pending: int
    confirmed: int
    busiest: Sequence[EventSeats]


class PostgresTotals:
    """`application.upkeep.ports.TotalsSource` on a connection of its own, because the connection holds the lock."""

    def __init__(
        self,
        where: Cell | str,
        timeouts: Timeouts,
        *,
        application_name: str,
        slice_events: int = SLICE_EVENTS,
    ) -> None:
        self._cell = Cell.of(where)
        self._timeouts = timeouts
        self._application_name = application_name
        self._connection: WatchedConnection | None = None
        self._leads = False
        self._slice_events = slice_events
        self._slices: dict[UUID, _Slice] = {}
        """Each slice by the event that it follows."""
        self._turn = 0
        """The next of the older slices to read."""

    async def read(self) -> Totals | None:
        """Read the totals; None if another process leads.

        Any failure ends the lead: another process may fare better, and this one starts afresh.
        """
        try:
            with translated(self._cell):
                return await self._read(await self._connected())
        except BaseException:
            await self.close()
            raise

    async def _read(self, connection: WatchedConnection) -> Totals | None:
        await connection.require_at_home()  # elsewhere, another process could lead as well
        if not self._leads:
            self._leads = bool(await TOTALS.try_to_lead({}).fetchval(connection))
            return None  # wait a round: the previous leader may still be exporting
        await self._next_slices(connection)
        overdue = await TOTALS.overdue_in_total({}).fetchrow(connection)
        oldest_snapshot = await TOTALS.oldest_snapshot({}).fetchval(connection)
        assert overdue is not None
        busiest = [event for part in self._slices.values() for event in part.busiest]
        busiest.sort(key=lambda event: event.reserved + event.confirmed, reverse=True)
        return Totals(
            pending_reservations=sum(part.pending for part in self._slices.values()),
            confirmed_reservations=sum(part.confirmed for part in self._slices.values()),
            overdue_holds=overdue["holds"],
            overdue_seconds=overdue["seconds"],
            oldest_snapshot_seconds=oldest_snapshot,
            events=busiest[:EVENTS_MAX],
        )

    async def _next_slices(self, connection: WatchedConnection) -> None:
        """Read the newest events, which sell the most, and one of the older slices, in turn.

        If there are few events, that is all of them each time. A new leader starts with all slices.
        """
        starts = sorted(self._slices) or [_FIRST]
        older = starts[:-1]
        if older:
            place = self._turn % len(older)
            self._turn = place + 1
            await self._read_slice(connection, starts[place], starts[place + 1])
        newest: UUID | None = starts[-1]
        while newest is not None:
            newest = await self._read_slice(connection, newest, None)

    async def _read_slice(self, connection: WatchedConnection, after: UUID, until: UUID | None) -> UUID | None:
        """Sum up the events after one, up to another or for a whole slice.

        Returns:
            Where the next slice begins; None if there are no more events.
        """
        part: Slice = {"after_event_id": after, "until_event_id": until, "slice_events": self._slice_events}
        row = await TOTALS.slice_of_events(part).fetchrow(connection)
        events = await TOTALS.busiest_events({**part, "events_max": EVENTS_MAX}).fetch(connection)
        assert row is not None
        busiest = [EventSeats(str(event["id"]), *list(event.values())[1:]) for event in events]
        self._slices[after] = _Slice(row["pending"], row["confirmed"], busiest)
        last: UUID | None = row["last"]
        return last if until is None else None

    async def close(self) -> None:
        """Cut the connection, which ends the lead."""
        if self._connection is not None:
            self._connection.terminate()

    async def _connected(self) -> WatchedConnection:
        if self._connection is None or self._connection.is_closed():
            self._leads = False
            self._slices, self._turn = {}, 0
            self._connection = await connect(
                self._cell, application_name=self._application_name, timeouts=self._timeouts
            )
            self._connection.add_termination_listener(self._withdraw)
            await self._connection.execute(_KEEPALIVE)
        return self._connection

    def _withdraw(self, _: object) -> None:
        """Withdraw the totals: without the connection, another process may lead at once."""
        installation.withdraw(self._cell.label)
