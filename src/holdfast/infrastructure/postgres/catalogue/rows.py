"""Converts rows into events, channels and categories."""

import asyncpg

from holdfast.domain.catalogue.categories import Category
from holdfast.domain.catalogue.channel import ChannelDetails, StoredChannel
from holdfast.domain.catalogue.event import Confirmation, Event, EventDetails


def event_from(row: asyncpg.Record) -> Event:
    """Build an event from a row of `events`, with `deleted` and `archived` in place of the times of both."""
    details = EventDetails(
        name=row["name"],
        description=row["description"],
        venue=row["venue"],
        start_at=row["start_at"],
        end_at=row["end_at"],
        total_seats=row["total_seats"],
        max_seats_per_buyer=row["max_seats_per_buyer"],
        published=row["published"],
        timezone=row["timezone"],
        currency=row["currency"],
        sale_opens_at=row["sale_opens_at"],
        sale_closes_at=row["sale_closes_at"],
        confirmation=Confirmation(row["confirmation"]),
    )
    return Event(
        id=row["id"],
        organiser_id=row["organiser_id"],
        details=details,
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        version=row["version"],
        available=row["available"],
        reserved=row["reserved"],
        confirmed=row["confirmed"],
        deleted=row["deleted"],
        archived=row["archived"],
    )


def channel_from(row: asyncpg.Record) -> StoredChannel:
    """Build a channel from a row of `channels`, with the number of its seats."""
    return StoredChannel(
        key=row["key"],
        details=ChannelDetails(
            name=row["name"], code_digest=row["code_digest"], opens_to_all_at=row["opens_to_all_at"]
        ),
        opened_at=row["opened_at"],
        seats=row["seats"],
        kept_back=row["kept_back"],
    )


def category_from(row: asyncpg.Record) -> Category:
    """Build a category from a row of `categories`."""
    return Category(row["key"], row["name"], row["color"], row["price"], row["number"])
