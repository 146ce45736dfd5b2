"""Events as they are written in requests and answers."""

from typing import Annotated, TypeAlias
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from holdfast.api.fields import NO_NUL, Time, in_utc, in_utc_if_given, or_default
from holdfast.domain.catalogue.currencies import DEFAULT_CURRENCY, MINOR_DIGITS, require_currency
from holdfast.domain.catalogue.event import (
    DESCRIPTION_MAX,
    SEATS_PER_BUYER_MAX,
    TEXT_MAX,
    TOTAL_SEATS_MAX,
    Confirmation,
    Event,
    EventDetails,
)
from holdfast.domain.catalogue.time_zones import DEFAULT_TIME_ZONE, NAME_MAX, require_time_zone
from holdfast.domain.identity.principal import Principal, Proof
from holdfast.domain.refusal import InvalidValue

_SaleTime: TypeAlias = Time | UnsetType | None
_KEEPS = "An edit that leaves it out changes nothing."


class EventInput(Struct, kw_only=True):
    """What an organiser writes about an event. `end_at` must not be before `start_at`."""

    name: Annotated[str, Meta(min_length=1, max_length=TEXT_MAX, pattern=NO_NUL)]
    description: Annotated[str, Meta(max_length=DESCRIPTION_MAX, pattern=NO_NUL)] = ""
    venue: Annotated[str, Meta(max_length=TEXT_MAX, pattern=NO_NUL)] = ""
    start_at: Time
    end_at: Time
    total_seats: Annotated[int, Meta(ge=1, le=TOTAL_SEATS_MAX)]
    max_seats_per_buyer: Annotated[
        Annotated[int, Meta(ge=1, le=SEATS_PER_BUYER_MAX)] | UnsetType | None,
        Meta(
            description=(
                "How many seats one buyer may have, held and sold together; null for no limit. If it is left out, a "
                "new event has no limit, and an edited one keeps its own. A lowered limit takes no seats away."
            )
        ),
    ] = UNSET
    published: Annotated[
        bool | UnsetType | None,
        Meta(
            description=(
                "Whether everybody may see the event (null or, for a new event, left out: yes). A draft is 404, and in "
                f"no list, for all but its organiser's members. {_KEEPS}"
            )
        ),
    ] = UNSET
    timezone: Annotated[
        Annotated[str, Meta(min_length=1, max_length=NAME_MAX, examples=["Asia/Tokyo"])] | UnsetType | None,
        Meta(
            description=(
                "The IANA name of the zone that the event takes place in, to show its times in (null or, for a new "
                f"event, left out: UTC). {_KEEPS}"
            )
        ),
    ] = UNSET
    currency: Annotated[
        Annotated[str, Meta(extra_json_schema={"enum": list(MINOR_DIGITS)})] | UnsetType | None,
        Meta(
            description=(
                "The ISO 4217 code of the currency of its prices, which are counted in its minor unit (null or, for a "
                f"new event, left out: JPY). No price changes with it. {_KEEPS}"
            )
        ),
    ] = UNSET
    sale_opens_at: Annotated[
        _SaleTime,
        Meta(
            description=(
                "From when on seats can be held, before start_at (null or, for a new event, left out: at once). "
                f"{_KEEPS}"
            )
        ),
    ] = UNSET
    sale_closes_at: Annotated[
        _SaleTime,
        Meta(
            description=(
                "From when on no seats can be held, after sale_opens_at (null or, for a new event, left out: from "
                "start_at on, which ends the sale in any case). Holds made before can still be confirmed. "
                f"{_KEEPS}"
            )
        ),
    ] = UNSET
    confirmation: Annotated[
        Confirmation | UnsetType | None,
        Meta(
            description=(
                "Who may confirm a reservation: its buyer (null or, for a new event, left out), or only the seller: "
                f"the box office and above. Not available where everybody is let in (AUTH_MODE open). {_KEEPS}"
            )
        ),
    ] = UNSET


class NewEventInput(EventInput, kw_only=True):
    """What an organiser writes of a new event. `organiser_id` is needed by who works for several of them."""

    organiser_id: UUID | UnsetType = UNSET
    cell: Annotated[
        Annotated[int, Meta(ge=0, le=4095)] | UnsetType,
        Meta(description="The database that is to have the event, if there are several; only admins may choose."),
    ] = UNSET


class EventBody(Struct, kw_only=True):
    """An event."""

    id: UUID
    organiser_id: UUID
    name: str
    description: str
    venue: str
    start_at: Time
    end_at: Time
    total_seats: int
    max_seats_per_buyer: int | None
    published: bool
    timezone: str
    currency: str
    sale_opens_at: Time | None
    sale_closes_at: Time | None
    confirmation: Confirmation
    created_at: Time
    updated_at: Time


def left_out_of(given: EventInput) -> list[str]:
    """Return the names of the fields that an edit leaves as they are: those left out that have no value by default."""
    return [name for name in EventInput.__struct_fields__ if getattr(given, name) is UNSET]


def details_of(given: EventInput, caller: Principal) -> EventDetails:
    """Convert what somebody wrote about an event. What is left out gets its default.

    Raises:
        InvalidValue: naming the field.
    """
    confirmation = or_default(given.confirmation, Confirmation.BUYER)
    if confirmation is Confirmation.SELLER and caller.proof is Proof.OPEN:
        raise InvalidValue("confirmation", "cannot be seller where everybody is let in: nobody is known as the seller")
    timezone = or_default(given.timezone, DEFAULT_TIME_ZONE)
    require_time_zone("timezone", timezone)
    currency = or_default(given.currency, DEFAULT_CURRENCY)
    require_currency("currency", currency)
    return EventDetails(
        name=given.name,
        description=given.description,
        venue=given.venue,
        start_at=in_utc("start_at", given.start_at),
        end_at=in_utc("end_at", given.end_at),
        total_seats=given.total_seats,
        max_seats_per_buyer=or_default(given.max_seats_per_buyer, None),
        published=or_default(given.published, default=True),
        timezone=timezone,
        currency=currency,
        sale_opens_at=in_utc_if_given("sale_opens_at", given.sale_opens_at),
        sale_closes_at=in_utc_if_given("sale_closes_at", given.sale_closes_at),
        confirmation=confirmation,
    )


def event_body(event: Event) -> EventBody:
    """Convert an event to its form in the contract."""
    details = event.details
    return EventBody(
        id=event.id,
        organiser_id=event.organiser_id,
        name=details.name,
        description=details.description,
        venue=details.venue,
        start_at=details.start_at,
        end_at=details.end_at,
        total_seats=details.total_seats,
        max_seats_per_buyer=details.max_seats_per_buyer,
        published=details.published,
        timezone=details.timezone,
        currency=details.currency,
        sale_opens_at=details.sale_opens_at,
        sale_closes_at=details.sale_closes_at,
        confirmation=details.confirmation,
        created_at=event.created_at,
        updated_at=event.updated_at,
    )


def event_list(events: list[Event]) -> bytes:
    """Encode a list of events."""
    return msgspec.json.encode([event_body(event) for event in events])
