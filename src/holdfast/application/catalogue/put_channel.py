"""Create a channel, or change what is said of it."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from holdfast.application.catalogue.audited import entry_of
from holdfast.application.catalogue.catalogue import Catalogue, Written
from holdfast.application.catalogue.ports import CatalogueTransaction
from holdfast.domain.catalogue.channel import CHANNELS_MAX, ChannelDetails, StoredChannel, check_channel
from holdfast.domain.catalogue.event import Event
from holdfast.domain.catalogue.refusals import TooManyChannels, UpgradeUnfinished
from holdfast.domain.identity.audit import Actor


async def put_channel(
    catalogue: Catalogue,
    event_id: UUID,
    key: str,
    details: ChannelDetails,
    *,
    actor: Actor | None = None,
    unchanged: Collection[str] = (),
) -> tuple[StoredChannel, int]:
    """Store a channel; return it, and the event's version. The same details again are no change.

    A channel whose time to open lies in the past is opened at once. One that is open is closed again if it gets no time
    or a later one: its free seats are kept back from then on.

    Args:
        catalogue: Where.
        event_id: Which event.
        key: The channel's key.
        details: What is said of it from now on.
        actor: Who changes it, for the audit; None: Holdfast itself.
        unchanged: Names of fields in `details` that keep the values they have, if there is such a channel.

    Raises:
        InvalidValue: if the key or the name breaks a rule.
        EventNotFound: if there is no such event, or it was deleted.
        TooManyChannels: if it is new and the event has as many as it may.
        UpgradeUnfinished: if nodes of an older version may be running.
        Unavailable: see its `outcome`.
    """
    check_channel(key, details)

    async def change(
        transaction: CatalogueTransaction, event: Event, now: datetime
    ) -> Written[tuple[StoredChannel, int]]:
        if not await transaction.feature_is_on("channels"):
            raise UpgradeUnfinished("channels")
        event = await transaction.channels.open_due(event, now)
        before = await transaction.channels.find(event.id, key)
        wanted = details
        if before is not None:
            wanted = replace(details, **{name: getattr(before.details, name) for name in unchanged})
            if wanted == before.details:
                return Written(event.version, now, (before, event.version))
        elif await transaction.channels.count(event.id) >= CHANNELS_MAX:
            raise TooManyChannels(CHANNELS_MAX)
        version = await transaction.channels.put(event, key, wanted, now, before=before)
        after = StoredChannel(
            key=key,
            details=wanted,
            opened_at=wanted.opened_at(before, now),
            seats=0 if before is None else before.seats,
            kept_back=0 if before is None else before.kept_back,
        )
        if actor is not None:
            opens_at = None if wanted.opens_to_all_at is None else wanted.opens_to_all_at.isoformat()
            told = {"name": wanted.name, "has_access_code": wanted.code_digest is not None, "opens_to_all_at": opens_at}
            entry = entry_of(catalogue.ids, actor, "put_channel", event.id, event.organiser_id, channel=key, **told)
            await transaction.append_audit(entry, now)
        return Written(version, now, (after, version))

    return await catalogue.change(event_id, change)
