"""An event: what is sold, when, and how many seats it may have."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from holdfast.domain.catalogue.currencies import DEFAULT_CURRENCY
from holdfast.domain.catalogue.refusals import EventHasConfirmedReservations, PreconditionFailed, SeatsExceedTotal
from holdfast.domain.catalogue.time_zones import DEFAULT_TIME_ZONE
from holdfast.domain.identity.organisers import DEFAULT_ORGANISER_ID
from holdfast.domain.refusal import InvalidValue

TEXT_MAX = 255
"""Characters in a name or venue (contract)."""
DESCRIPTION_MAX = 10_000
"""Characters in a description (contract)."""
TOTAL_SEATS_MAX = 1_000_000
"""Seats in one event (contract)."""
SEATS_PER_BUYER_MAX = 1_000
"""The highest limit of seats per buyer (contract)."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Confirmation(StrEnum):
    """Who turns a hold into a sale."""

    BUYER = "buyer"
    """The buyer, for themselves."""
    SELLER = "seller"
    """Only the box office and above, such as a shop that has received the money."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventDetails:
    """The part of an event that its organiser writes."""

    name: str
    description: str
    venue: str
    start_at: datetime
    end_at: datetime
    total_seats: int
    max_seats_per_buyer: int | None = None
    """How many seats one buyer may have, held and sold together; None for no limit."""
    published: bool = True
    """Whether everybody may see it. A draft is seen by its organiser's members only."""
    timezone: str = DEFAULT_TIME_ZONE
    """The IANA name of the zone that it takes place in. Times are shown in it; it changes none of them."""
    currency: str = DEFAULT_CURRENCY
    """The ISO 4217 code of the currency that its prices are in."""
    sale_opens_at: datetime | None = None
    """When the first seat can be held; None: at once."""
    sale_closes_at: datetime | None = None
    """From when on no seat can be held; None: from `start_at` on, which ends the sale in any case."""
    confirmation: Confirmation = Confirmation.BUYER

    def __post_init__(self) -> None:
        """Check the rules for an event.

        Raises:
            InvalidValue: naming the field that breaks a rule.
        """
        if not 1 <= len(self.name) <= TEXT_MAX:
            raise InvalidValue("name", f"must have 1 to {TEXT_MAX} characters")
        if len(self.venue) > TEXT_MAX:
            raise InvalidValue("venue", f"must have at most {TEXT_MAX} characters")
        if len(self.description) > DESCRIPTION_MAX:
            raise InvalidValue("description", f"must have at most {DESCRIPTION_MAX} characters")
        if not 1 <= self.total_seats <= TOTAL_SEATS_MAX:
            raise InvalidValue("total_seats", f"must be 1 to {TOTAL_SEATS_MAX}")
        if self.max_seats_per_buyer is not None and not 1 <= self.max_seats_per_buyer <= SEATS_PER_BUYER_MAX:
            raise InvalidValue("max_seats_per_buyer", f"must be 1 to {SEATS_PER_BUYER_MAX}, or null for no limit")
        if self.end_at < self.start_at:
            raise InvalidValue("end_at", "must not be before start_at")
        if self.sale_opens_at is not None and self.sale_opens_at >= self.start_at:
            raise InvalidValue("sale_opens_at", "must be before start_at")
        if (
            self.sale_opens_at is not None
            and self.sale_closes_at is not None
            and self.sale_opens_at >= self.sale_closes_at
        ):
            raise InvalidValue("sale_closes_at", "must be after sale_opens_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event as stored. `available`, `reserved` and `confirmed` count its seats at `version`."""

    id: UUID
    organiser_id: UUID = DEFAULT_ORGANISER_ID
    """Who sells it; that never changes."""
    details: EventDetails
    created_at: datetime
    updated_at: datetime
    version: int
    available: int
    reserved: int
    confirmed: int
    deleted: bool
    archived: bool = False
    """Whether its reservations and its log are in an archive. Then nothing of it changes any more."""

    @property
    def seats(self) -> int:
        """The number of seats that have been added."""
        return self.available + self.reserved + self.confirmed

    @property
    def edition(self) -> str:
        """A name for its details as they are now: another one after each edit, the same whatever is sold meanwhile."""
        return str((self.updated_at - _EPOCH) // timedelta(microseconds=1))

    def require_edition(self, expected: Collection[str] | None) -> None:
        """Refuse a change by somebody who has seen other details.

        Args:
            expected: The editions that the change is meant for; None for any.

        Raises:
            PreconditionFailed: if the event is none of them.
        """
        if expected is not None and self.edition not in expected:
            raise PreconditionFailed().at(self.version)

    def require_room_for(self, added: int) -> None:
        """Refuse to add more seats than the event's total allows.

        Raises:
            SeatsExceedTotal: with the total and the number of seats there would be.
        """
        if self.seats + added > self.details.total_seats:
            raise SeatsExceedTotal(total_seats=self.details.total_seats, seats=self.seats + added)

    def require_total_of(self, seats: int) -> None:
        """Refuse a hall with more seats than the event's total allows.

        Raises:
            SeatsExceedTotal: with the total and the number of seats there would be.
        """
        if seats > self.details.total_seats:
            raise SeatsExceedTotal(total_seats=self.details.total_seats, seats=seats)

    def require_editable_to(self, details: EventDetails) -> None:
        """Refuse to lower the total below the number of existing seats.

        Raises:
            SeatsExceedTotal: with the new total and the number of existing seats.
        """
        if details.total_seats < self.seats:
            raise SeatsExceedTotal(total_seats=details.total_seats, seats=self.seats)

    def require_deletable(self) -> None:
        """Refuse to delete an event with sold seats.

        Raises:
            EventHasConfirmedReservations: with the number of sold seats.
        """
        if self.confirmed:
            raise EventHasConfirmedReservations(self.confirmed)
