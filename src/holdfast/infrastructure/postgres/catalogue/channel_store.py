"""Writes the channels of events to PostgreSQL, inside a transaction that has locked the event."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

import asyncpg

from holdfast.application.failures import GuardMismatch
from holdfast.domain.booking.channels import NAMED_SEATS_MAX
from holdfast.domain.booking.snapshot import ChangeKind
from holdfast.domain.catalogue.channel import ChannelDetails, GivenBack, KeptBack, StoredChannel
from holdfast.domain.catalogue.event import Event
from holdfast.infrastructure.postgres.catalogue.channels_queries import CHANNELS
from holdfast.infrastructure.postgres.catalogue.rows import channel_from
from holdfast.infrastructure.postgres.driver.connection import WatchedConnection
from holdfast.infrastructure.postgres.driver.failures import translated
from holdfast.infrastructure.postgres.driver.queries import Filled

Guarded: TypeAlias = Callable[[Event, Filled], Awaitable[None]]
"""Updates the row of a locked event, or raises GuardMismatch."""
_Seats: TypeAlias = Sequence[UUID] | None
"""Seats of a log entry; None if there are too many to name."""


class PostgresChannelTransaction:
    """The part of a transaction that concerns channels (`application.catalogue.ports.ChannelTransaction`)."""

    def __init__(self, connection: WatchedConnection, guarded: Guarded) -> None:
        self._connection = connection
        self._guarded = guarded

    async def open_due(self, event: Event, now: datetime) -> Event:
        """Open them and log it in one statement."""
        row = await self._row(
            CHANNELS.open_due(
                {"event_id": event.id, "now": now, "version": event.version, "named_max": NAMED_SEATS_MAX}
            )
        )
        if row["opened"] != row["logged"]:
            raise GuardMismatch(f"event {event.id}: {dict(row)}")
        opened: int = row["opened"]
        return await self._raise_version(event, opened) if opened else event

    async def find(self, event_id: UUID, key: str) -> StoredChannel | None:
        """Read a channel and count its seats."""
        with translated(self._connection.cell):
            row = await CHANNELS.channel({"event_id": event_id, "key": key}).fetchrow(self._connection)
        return None if row is None else channel_from(row)

    async def count(self, event_id: UUID) -> int:
        """Count the channels."""
        with translated(self._connection.cell):
            count: int = await CHANNELS.count_channels({"event_id": event_id}).fetchval(self._connection)
        return count

    async def put(
        self, event: Event, key: str, details: ChannelDetails, now: datetime, *, before: StoredChannel | None
    ) -> int:
        """Store the channel. If that opens or closes it, the entry names its free seats."""
        opened_at = details.opened_at(before, now)
        freed: _Seats = ()
        kept_back: _Seats = ()
        if before is not None and (before.opened_at is None) != (opened_at is None):
            free = await self._free_seats(event.id, key)
            freed, kept_back = (free, ()) if opened_at is not None else ((), free)
        with translated(self._connection.cell):
            await CHANNELS.put_channel(
                {
                    "event_id": event.id,
                    "key": key,
                    "name": details.name,
                    "code_digest": details.code_digest,
                    "opens_to_all_at": details.opens_to_all_at,
                    "opened_at": opened_at,
                }
            ).execute(self._connection)
        return await self._log(event, ChangeKind.CHANNEL_CHANGED, key, now, freed=freed, kept_back=kept_back)

    async def unknown_seats(self, event_id: UUID, seat_ids: Sequence[UUID]) -> list[UUID]:
        """Look up each seat."""
        with translated(self._connection.cell):
            rows = await CHANNELS.unknown_seats({"event_id": event_id, "seat_ids": seat_ids}).fetch(self._connection)
        return [row["seat_id"] for row in rows]

    async def keep_back(
        self, event: Event, channel: StoredChannel, seat_ids: Sequence[UUID], now: datetime
    ) -> KeptBack:
        """Put them into the channel in one statement, and log it."""
        row = await self._row(
            CHANNELS.keep_back({"event_id": event.id, "key": channel.key, "seat_ids": seat_ids, "now": now})
        )
        if row["put"] != len(row["joined"]):
            raise GuardMismatch(f"event {event.id}: {row['put']} of {len(row['joined'])} seats put into a channel")
        version = event.version
        if row["joined"]:
            # In a channel that is open, seats that another one has kept back become free for all.
            is_open = channel.opened_at is not None
            version = await self._log(
                event,
                ChangeKind.SEATS_KEPT_BACK,
                channel.key,
                now,
                seats=row["joined"],
                freed=row["kept_back_before"] if is_open else [],
                kept_back=[] if is_open else row["joined_free"],
            )
        return KeptBack(version=version, seats=row["seats"], kept_back=row["free"], taken_seat_ids=tuple(row["taken"]))

    async def give_back(
        self, event: Event, channel: StoredChannel, seat_ids: Sequence[UUID], now: datetime
    ) -> GivenBack:
        """Take them out of the channel in one statement, and log it."""
        return await self._give_back(event, channel, seat_ids, now, kind=ChangeKind.SEATS_GIVEN_BACK)

    async def delete(self, event: Event, channel: StoredChannel, now: datetime, *, seats_max: int) -> GivenBack:
        """Take out the seats first, and delete the channel if that were all."""
        with translated(self._connection.cell):
            rows = await CHANNELS.some_seats({"event_id": event.id, "key": channel.key, "seats_max": seats_max}).fetch(
                self._connection
            )
        seat_ids = [row["seat_id"] for row in rows]
        if channel.seats > seats_max:
            return await self.give_back(event, channel, seat_ids, now)
        done = await self._give_back(event, channel, seat_ids, now, kind=ChangeKind.CHANNEL_DELETED)
        with translated(self._connection.cell):
            status = await CHANNELS.delete_channel({"event_id": event.id, "key": channel.key}).execute(self._connection)
        if status != "DELETE 1":
            raise GuardMismatch(f"channel {channel.key} of {event.id}: {status}")
        return done

    async def _give_back(
        self, event: Event, channel: StoredChannel, seat_ids: Sequence[UUID], now: datetime, *, kind: ChangeKind
    ) -> GivenBack:
        row = await self._row(CHANNELS.give_back({"event_id": event.id, "key": channel.key, "seat_ids": seat_ids}))
        gone, free = row["gone"], row["free"]
        if row["deleted"] != len(gone):
            raise GuardMismatch(f"event {event.id}: {row['deleted']} of {len(gone)} seats given back")
        version = event.version
        if gone or kind is ChangeKind.CHANNEL_DELETED:
            freed = free if channel.opened_at is None else []
            version = await self._log(event, kind, channel.key, now, seats=gone, freed=freed)
        return GivenBack(version=version, seats=len(gone), available=len(free))

    async def _free_seats(self, event_id: UUID, key: str) -> list[UUID] | None:
        """Find the free seats of a channel; None if there are too many to name."""
        with translated(self._connection.cell):
            rows = await CHANNELS.free_seats(
                {"event_id": event_id, "key": key, "seats_max": NAMED_SEATS_MAX + 1}
            ).fetch(self._connection)
        return None if len(rows) > NAMED_SEATS_MAX else [row["seat_id"] for row in rows]

    async def _log(
        self,
        event: Event,
        kind: ChangeKind,
        key: str,
        now: datetime,
        *,
        seats: Sequence[UUID] = (),
        freed: _Seats = (),
        kept_back: _Seats = (),
    ) -> int:
        raised = await self._raise_version(event, 1)
        with translated(self._connection.cell):
            await CHANNELS.log_channel(
                {
                    "event_id": event.id,
                    "version": raised.version,
                    "kind": kind,
                    "seat_ids": seats,
                    "freed_seat_ids": freed,
                    "kept_back_seat_ids": kept_back,
                    "key": key,
                    "now": now,
                }
            ).execute(self._connection)
        return raised.version

    async def _raise_version(self, event: Event, entries: int) -> Event:
        version = event.version + entries
        await self._guarded(
            event,
            CHANNELS.raise_version({"event_id": event.id, "loaded_version": event.version, "version": version}),
        )
        return replace(event, version=version)

    async def _row(self, statement: Filled) -> asyncpg.Record:
        with translated(self._connection.cell):
            row = await statement.fetchrow(self._connection)
        assert row is not None
        return row
