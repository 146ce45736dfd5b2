"""Delete a channel, and give all of its seats back."""

from datetime import datetime
from uuid import UUID

from holdfast.application.catalogue.audited import entry_of
from holdfast.application.catalogue.catalogue import Catalogue, Written
from holdfast.application.catalogue.keep_seats_back import event_and_channel
from holdfast.application.catalogue.ports import CatalogueTransaction
from holdfast.domain.catalogue.channel import CHANNEL_SEATS_MAX
from holdfast.domain.catalogue.event import Event
from holdfast.domain.identity.audit import Actor


async def delete_channel(catalogue: Catalogue, event_id: UUID, key: str, *, actor: Actor | None = None) -> None:
    """Delete a channel. Its free seats are for everybody from then on.

    The seats of a large channel leave it in several transactions, so that buyers can hold seats in between: giving back
    100,000 seats at once would keep the event locked for seconds. If that is interrupted, the channel is still there,
    with fewer seats, and can be deleted again.

    Args:
        catalogue: Where.
        event_id: Which event.
        key: Which channel.
        actor: Who deletes it, for the audit; None: Holdfast itself.

    Raises:
        EventNotFound: if there is no such event, or it was deleted.
        ChannelNotFound: if it has no such channel.
        Unavailable: see its `outcome`.
    """

    async def change(transaction: CatalogueTransaction, event: Event, now: datetime) -> Written[bool]:
        event, channel = await event_and_channel(transaction, event, key, now)
        done = await transaction.channels.delete(event, channel, now, seats_max=CHANNEL_SEATS_MAX)
        gone = channel.seats <= CHANNEL_SEATS_MAX
        if gone and actor is not None:
            entry = entry_of(catalogue.ids, actor, "delete_channel", event.id, event.organiser_id, channel=key)
            await transaction.append_audit(entry, now)
        return Written(done.version, now, gone)

    while not await catalogue.change(event_id, change, bulk=True):
        pass
