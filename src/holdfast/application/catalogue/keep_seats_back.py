"""Keep seats back for a channel, and give them back to all."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from holdfast.application.catalogue.audited import entry_of
from holdfast.application.catalogue.catalogue import Catalogue, UnderWay, Written
from holdfast.application.catalogue.ports import CatalogueTransaction, ChannelTransaction, SeatSearch
from holdfast.domain.booking.refusals import SeatsNotFound
from holdfast.domain.catalogue.channel import GivenBack, KeptBack, SeatSelection, StoredChannel
from holdfast.domain.catalogue.event import Event
from holdfast.domain.catalogue.refusals import ChannelNotFound
from holdfast.domain.identity.audit import Actor

Moved = TypeVar("Moved", KeptBack, GivenBack)

NAMED_MAX = 100
"""Unknown seats that a refusal names."""


async def find_seats(search: SeatSearch, event_id: UUID, selection: SeatSelection) -> list[UUID]:
    """Return the seats that are meant. It is done before the event is locked, because it may take a while.

    Raises:
        InvalidValue: if there are more than one call may change.
        SelectionNotFound: naming what the event has no seats of.
    """
    if selection.seat_ids:
        selection.require_few(len(selection.seat_ids))
        return list(selection.seat_ids)
    return await search.selected(event_id, selection)


def begin_keeping_back(
    catalogue: Catalogue, event_id: UUID, key: str, selection: SeatSelection, seat_ids: list[UUID], *, actor: Actor
) -> UnderWay[KeptBack]:
    """Start putting seats into a channel, out of any other one. Those held or sold join too; nobody loses a hold.

    Args:
        catalogue: Where.
        event_id: Which event.
        key: Which channel.
        selection: How the seats were described.
        seat_ids: The seats (`find_seats`).
        actor: Who does it, for the audit.

    Raises:
        EventNotFound: if there is no such event, or it was deleted.
        ChannelNotFound: if it has no such channel.
        SeatsNotFound: naming seats that were named and do not exist.
        Unavailable: see its `outcome`.
    """
    return _begin(
        catalogue,
        event_id,
        key,
        selection,
        move=lambda channels, event, channel, now: channels.keep_back(event, channel, seat_ids, now),
        verb="keep_back_seats",
        actor=actor,
    )


def begin_giving_back(
    catalogue: Catalogue, event_id: UUID, key: str, selection: SeatSelection, seat_ids: list[UUID], *, actor: Actor
) -> UnderWay[GivenBack]:
    """Start taking seats out of a channel. Those that are not in it are left alone.

    Args:
        catalogue: Where.
        event_id: Which event.
        key: Which channel.
        selection: How the seats were described.
        seat_ids: The seats (`find_seats`).
        actor: Who does it, for the audit.

    Raises:
        EventNotFound, ChannelNotFound, SeatsNotFound, Unavailable: as `begin_keeping_back`.
    """
    return _begin(
        catalogue,
        event_id,
        key,
        selection,
        move=lambda channels, event, channel, now: channels.give_back(event, channel, seat_ids, now),
        verb="give_back_seats",
        actor=actor,
    )


def _begin(
    catalogue: Catalogue,
    event_id: UUID,
    key: str,
    selection: SeatSelection,
    *,
    move: Callable[[ChannelTransaction, Event, StoredChannel, datetime], Awaitable[Moved]],
    verb: str,
    actor: Actor,
) -> UnderWay[Moved]:
    """Start moving seats into a channel or out of it, which is audited under `verb` if any is moved."""

    async def change(transaction: CatalogueTransaction, event: Event, now: datetime) -> Written[Moved]:
        event, channel = await event_and_channel(transaction, event, key, now)
        await _require_known(transaction, event.id, selection)
        done = await move(transaction.channels, event, channel, now)
        if done.version > event.version:
            entry = entry_of(catalogue.ids, actor, verb, event.id, event.organiser_id, channel=key, seats=done.seats)
            await transaction.append_audit(entry, now)
        return Written(done.version, now, done)

    return catalogue.begin_change(event_id, change, bulk=True)


async def event_and_channel(
    transaction: CatalogueTransaction, event: Event, key: str, now: datetime
) -> tuple[Event, StoredChannel]:
    """Open the channels whose time has come, and return the event after that, with one of its channels.

    Raises:
        ChannelNotFound: if it has no such channel.
    """
    event = await transaction.channels.open_due(event, now)
    channel = await transaction.channels.find(event.id, key)
    if channel is None:
        raise ChannelNotFound(key)
    return event, channel


async def _require_known(transaction: CatalogueTransaction, event_id: UUID, selection: SeatSelection) -> None:
    """Check the seats that were named. Those found by a description may have gone since, and are left out."""
    if selection.seat_ids:
        unknown = await transaction.channels.unknown_seats(event_id, selection.seat_ids)
        if unknown:
            raise SeatsNotFound(unknown[:NAMED_MAX])
