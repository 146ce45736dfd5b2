"""Creating, changing, listing and deleting channels."""

from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

from holdfast.api import examples
from holdfast.api.fields import LEGIBLE, Time, in_utc_if_given
from holdfast.api.identity.admission import actor_of
from holdfast.api.paging import BASE
from holdfast.application.catalogue.catalogue import Catalogue
from holdfast.application.catalogue.delete_channel import delete_channel
from holdfast.application.catalogue.put_channel import put_channel
from holdfast.application.reading.views import Views
from holdfast.domain.booking.channels import digest_of
from holdfast.domain.catalogue.channel import (
    ACCESS_CODE_MAX,
    ACCESS_CODE_PATTERN,
    NAME_MAX,
    ChannelDetails,
    StoredChannel,
    is_access_code,
    is_channel_key,
)
from holdfast.domain.catalogue.refusals import (
    ChannelNotFound,
    EventArchived,
    EventNotFound,
    TooManyChannels,
    UpgradeUnfinished,
)
from holdfast.domain.refusal import InvalidValue
from holdfast.http.endpoints.answer import Answer, event_version, json_answer
from holdfast.http.endpoints.call import Call
from holdfast.http.endpoints.operation import Operation, Success
from holdfast.http.endpoints.strict_json import StrictDecoder

BODY_BYTES = 16 * 1024

PATH = f"{BASE}/events/{{event_id}}/channels"


_CODE = Meta(min_length=1, max_length=ACCESS_CODE_MAX, extra_json_schema={"pattern": ACCESS_CODE_PATTERN})


class ChannelInput(Struct, kw_only=True):
    """What an organiser says about a channel. One without a code is a block: only the box office sells its seats."""

    name: Annotated[str, Meta(min_length=1, max_length=NAME_MAX, description=LEGIBLE)]
    access_code: Annotated[
        Annotated[str, _CODE] | UnsetType | None,
        Meta(
            description=(
                "Printable ASCII. Null for none. If it is left out, a new channel has none, and an existing one keeps "
                "its own. It is never shown again."
            )
        ),
    ] = UNSET
    opens_to_all_at: Annotated[
        Time | UnsetType | None,
        Meta(
            description=(
                "When its seats are for everybody; null for never. If it is left out, a new channel never opens, and "
                "an existing one keeps its time. A channel that is open is closed again by null or a later time."
            )
        ),
    ] = UNSET


class ChannelBody(Struct, kw_only=True):
    """A channel. `kept_back` counts those of its seats that are free, whether it is open or not."""

    key: str
    name: str
    has_access_code: bool
    opens_to_all_at: Time | None
    open: bool
    seats: int
    kept_back: int


_decoder = StrictDecoder(ChannelInput)


async def put(catalogue: Catalogue, call: Call) -> Answer:
    """PUT /events/{event_id}/channels/{key}."""
    event_id, key = call.path_id("event_id"), call.path_text("key")
    given = await _decoder.read(await call.body(BODY_BYTES))
    code, opens_at = given.access_code, given.opens_to_all_at
    if isinstance(code, str) and not is_access_code(code):
        raise InvalidValue("access_code", "must be printable ASCII, without a space at either end")
    details = ChannelDetails(
        name=given.name,
        code_digest=digest_of(code) if isinstance(code, str) else None,
        opens_to_all_at=in_utc_if_given("opens_to_all_at", opens_at),
    )
    unchanged = [field for field, value in (("code_digest", code), ("opens_to_all_at", opens_at)) if value is UNSET]
    channel, version = await put_channel(catalogue, event_id, key, details, actor=actor_of(call), unchanged=unchanged)
    return json_answer(200, channel_body(channel), event_version(version))


async def find_all(views: Views, call: Call) -> Answer:
    """GET /events/{event_id}/channels."""
    event_id = call.path_id("event_id")
    found = await views.channels.channels(event_id)
    if found is None:
        raise EventNotFound(event_id)
    channels, version = found
    return json_answer(200, [channel_body(channel) for channel in channels], event_version(version))


async def delete(catalogue: Catalogue, call: Call) -> Answer:
    """DELETE /events/{event_id}/channels/{key}."""
    event_id, key = call.path_id("event_id"), existing_key(call)
    await delete_channel(catalogue, event_id, key, actor=actor_of(call))
    return Answer(204, content_type=None)


def existing_key(call: Call) -> str:
    """Return the key of a channel that should exist.

    Raises:
        ChannelNotFound: if no channel can have such a key.
    """
    key = call.path_text("key")
    if not is_channel_key(key):
        raise ChannelNotFound(key[:100])
    return key


def channel_body(channel: StoredChannel) -> ChannelBody:
    """Convert a channel to its form in an answer. Nothing of its code is in it."""
    return ChannelBody(
        key=channel.key,
        name=channel.details.name,
        has_access_code=channel.details.code_digest is not None,
        opens_to_all_at=channel.details.opens_to_all_at,
        open=channel.opened_at is not None,
        seats=channel.seats,
        kept_back=channel.kept_back,
    )


OPERATIONS: tuple[Operation[Any], ...] = (
    Operation(
        method="GET",
        path=PATH,
        name="list_channels",
        tag="channels",
        summary="List an event's channels by key",
        needs=Views,
        handler=find_all,
        success=Success(
            status=200,
            description="The channels.",
            body=list[ChannelBody],
            event_version=True,
            example=[examples.CHANNEL],
        ),
        refusals=(EventNotFound,),
    ),
    Operation(
        method="PUT",
        path=f"{PATH}/{{key}}",
        name="put_channel",
        tag="channels",
        summary="Create a channel, or change it",
        description=(
            "A channel keeps seats back from everybody who does not name its access code when holding seats. From "
            "`opens_to_all_at` on its seats are for everybody. A key is 1 to 30 of a-z, 0-9 and -."
        ),
        needs=Catalogue,
        handler=put,
        texts_in_path=("key",),
        request=(ChannelInput,),
        request_examples={"a presale": examples.CHANNEL_INPUT},
        success=Success(
            status=200, description="The channel.", body=ChannelBody, event_version=True, example=examples.CHANNEL
        ),
        refusals=(EventNotFound, EventArchived, TooManyChannels, UpgradeUnfinished),
    ),
    Operation(
        method="DELETE",
        path=f"{PATH}/{{key}}",
        name="delete_channel",
        tag="channels",
        summary="Delete a channel, and give its seats back to all",
        needs=Catalogue,
        handler=delete,
        texts_in_path=("key",),
        success=Success(status=204, description="The channel was deleted.", media_type=None),
        refusals=(EventNotFound, EventArchived, ChannelNotFound),
    ),
)
