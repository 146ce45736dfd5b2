"""The channels of an event: making, changing and deleting them."""

from collections.abc import Sequence
from dataclasses import dataclass

from holdfast.application.catalogue.catalogue import Catalogue
from holdfast.application.catalogue.delete_channel import delete_channel
from holdfast.application.catalogue.put_channel import put_channel
from holdfast.application.identity.verbs import Verb
from holdfast.application.reading.views import Views
from holdfast.domain.booking.channels import digest_of
from holdfast.domain.catalogue.channel import ChannelDetails, StoredChannel, is_access_code
from holdfast.domain.catalogue.event import Event
from holdfast.domain.catalogue.refusals import ChannelNotFound, EventNotFound, TooManyChannels, UpgradeUnfinished
from holdfast.domain.hall.keys import key_from
from holdfast.domain.refusal import InvalidValue
from holdfast.http.endpoints.answer import Answer
from holdfast.web.kit.forms import Form
from holdfast.web.kit.page import Page
from holdfast.web.kit.visit import Visit
from holdfast.web.organiser.faults import Faults
from holdfast.web.organiser.room import event_for, room_of
from holdfast.web.organiser.times import time_kept, time_text


@dataclass(frozen=True, slots=True)
class Typed:
    """A channel's form as it was filled in."""

    name: str = ""
    code: str = ""
    """What to do about the code of a channel that has one: `keep`, `change` or `none`."""
    access_code: str = ""
    opens: str = ""


async def show(visit: Visit) -> Answer:
    """GET /organise/events/{event_id}/channels."""
    event = await event_for(visit, Verb.LIST_CHANNELS)
    return await _list(visit, event, Typed())


async def add(visit: Visit) -> Answer:
    """POST /organise/events/{event_id}/channels."""
    event = await event_for(visit, Verb.PUT_CHANNEL)
    form = await visit.form()
    typed, faults = _typed_in(form), Faults(visit)
    before = await channels_of(visit, event)
    details = _details(event, typed, faults)
    # One that is just the same was made by a first click.
    key = next((one.key for one in before if one.details == details), None)
    if key is None:
        key = key_from(typed.name, {one.key for one in before}, otherwise="channel")
        await _put(visit, event, key, details, faults)
    if faults:
        return await _list(visit, event, typed, faults)
    return visit.see_other(f"/organise/events/{event.id}/channels/{key}", notice="channel-saved")


async def save(visit: Visit, event: Event, form: Form, channel: StoredChannel) -> tuple[Typed, Faults]:
    """Change a channel; return the form as it was filled in, and what is wrong with it."""
    typed, faults = _typed_in(form), Faults(visit)
    details = _details(event, typed, faults, before=channel.details)
    unchanged = ("code_digest",) if typed.code == "keep" else ()
    await _put(visit, event, channel.key, details, faults, unchanged=unchanged)
    return typed, faults


async def ask_to_delete(visit: Visit) -> Answer:
    """GET /organise/events/{event_id}/channels/{key}/delete: say what would happen to its seats."""
    event = await event_for(visit, Verb.DELETE_CHANNEL)
    channel = await channel_of(visit, event)
    return visit.render("organiser/channel_delete.html", channel=channel, **await room_of(visit, event, "channels"))


async def delete(visit: Visit) -> Answer:
    """POST /organise/events/{event_id}/channels/{key}/delete."""
    event = await event_for(visit, Verb.DELETE_CHANNEL)
    channel = await channel_of(visit, event)
    await delete_channel(visit.capability(Catalogue), event.id, channel.key, actor=visit.actor)
    return visit.see_other(f"/organise/events/{event.id}/channels", notice="channel-deleted")


async def channels_of(visit: Visit, event: Event) -> Sequence[StoredChannel]:
    """Return the channels of an event by key.

    Raises:
        EventNotFound: It was deleted meanwhile.
    """
    found = await visit.capability(Views).channels.channels(event.id)
    if found is None:
        raise EventNotFound(event.id)
    return found[0]


async def channel_of(visit: Visit, event: Event) -> StoredChannel:
    """Return the channel that the address names.

    Raises:
        ChannelNotFound: There is none.
    """
    key = visit.call.path_text("key")
    for channel in await channels_of(visit, event):
        if channel.key == key:
            return channel
    raise ChannelNotFound(key[:100])


def typed_of(channel: StoredChannel, zone: str) -> Typed:
    """Return the form of a channel as it is."""
    details = channel.details
    return Typed(
        name=details.name,
        code="none" if details.code_digest is None else "keep",
        opens=time_text(details.opens_to_all_at, zone),
    )


def _typed_in(form: Form) -> Typed:
    return Typed(form.text("name"), form.text("code"), form.raw("access_code"), form.text("opens"))


def _details(
    event: Event, typed: Typed, faults: Faults, *, before: ChannelDetails | None = None
) -> ChannelDetails | None:
    """Return a channel as it was filled in; None if something is wrong with it, which is noted."""
    known = None if before is None else before.opens_to_all_at
    code = typed.access_code if typed.code in ("", "change") else ""
    if not typed.name:
        faults.missing("name")
    if typed.code == "change" and not code:
        faults.missing("access_code")
    if code and not is_access_code(code):
        faults.note(InvalidValue("access_code", "must be printable ASCII, without a space at either end"))
    try:
        details = ChannelDetails(
            name=typed.name,
            code_digest=digest_of(code) if code else None,
            opens_to_all_at=time_kept("opens", typed.opens, event.details.timezone, known),
        )
    except InvalidValue as refusal:
        faults.note(refusal)
        return None
    return None if faults else details


async def _put(
    visit: Visit,
    event: Event,
    key: str,
    details: ChannelDetails | None,
    faults: Faults,
    *,
    unchanged: Sequence[str] = (),
) -> None:
    if details is None:
        return
    try:
        await put_channel(visit.capability(Catalogue), event.id, key, details, actor=visit.actor, unchanged=unchanged)
    except (InvalidValue, TooManyChannels, UpgradeUnfinished) as refusal:
        faults.note(refusal)


async def _list(visit: Visit, event: Event, typed: Typed, faults: Faults | None = None) -> Answer:
    return visit.render(
        "organiser/channels.html",
        status=400 if faults else 200,
        channels=await channels_of(visit, event),
        typed=typed,
        faults=faults or {},
        **await room_of(visit, event, "channels"),
    )


PAGES = (
    Page(path="/organise/events/{event_id}/channels", name="channels", get=show, post=add),
    Page(
        path="/organise/events/{event_id}/channels/{key}/delete",
        name="delete_channel",
        get=ask_to_delete,
        post=delete,
    ),
)
