"""The reasons for refusing to change an event or its chart.

NotFound
├── EventNotFound
├── HallNotFound
├── SeatNotFound
├── ChannelNotFound
└── SelectionNotFound
EventArchived
PreconditionFailed
Conflict
├── TooManyChannels
├── SeatNumberTaken
├── SeatsExceedTotal
├── CategoryInUse
├── HallInUse
├── EventHasConfirmedReservations
└── UpgradeUnfinished
"""

from uuid import UUID

from holdfast.domain.refusal import Conflict, NotFound, Refusal


class EventNotFound(NotFound):
    """There is no such event, or it was deleted."""

    code = "event_not_found"

    def __init__(self, event_id: UUID) -> None:
        super().__init__(f"There is no event {event_id}.", event_id=str(event_id))

    def at(self, version: int | None) -> "EventNotFound":  # noqa: ARG002 - it is the same for all refusals
        """Record no version: a draft is refused like an event that does not exist, which has none."""
        return self


class EventArchived(Refusal):
    """The event is over, and its reservations were moved into an archive. Its seats are neither sold nor shown."""

    code = "event_archived"

    def __init__(self, event_id: UUID) -> None:
        super().__init__(f"Event {event_id} is over, and its reservations have been archived.", event_id=str(event_id))


class HallNotFound(NotFound):
    """The event has no hall: its seats were added without a document, or there are none."""

    code = "hall_not_found"

    def __init__(self, event_id: UUID) -> None:
        super().__init__(f"Event {event_id} has no hall.", event_id=str(event_id))


class SeatNotFound(NotFound):
    """There is no such seat, or its event was deleted."""

    code = "seat_not_found"

    def __init__(self, seat_id: UUID) -> None:
        super().__init__(f"There is no seat {seat_id}.", seat_id=str(seat_id))


class PreconditionFailed(Refusal):
    """The event has been edited since the caller read it. Nothing was changed."""

    code = "precondition_failed"

    def __init__(self) -> None:
        super().__init__("The event has been edited since you read it; nothing was changed. Read it again first.")


class SeatNumberTaken(Conflict):
    """Seat numbers are unique within an event. None of the seats was added."""

    code = "seat_number_taken"

    NAMED_MAX = 100

    def __init__(self, seat_numbers: list[str]) -> None:
        named = seat_numbers[: self.NAMED_MAX]
        rest = len(seat_numbers) - len(named)
        more = f" and {rest} more" if rest else ""
        super().__init__(
            f"This event already has {', '.join(named)}{more}. No seat was added.",
            seat_numbers=named,
            seat_numbers_count=len(seat_numbers),
        )


class SeatsExceedTotal(Conflict):
    """The event would have more seats than its total allows."""

    code = "seats_exceed_total"

    def __init__(self, *, total_seats: int, seats: int) -> None:
        super().__init__(
            f"The event would have {seats} seats where its total is {total_seats}.",
            total_seats=total_seats,
            seats=seats,
        )


class CategoryInUse(Conflict):
    """Seats refer to a category that would be removed. Nothing was changed."""

    code = "category_in_use"

    def __init__(self, keys: list[str]) -> None:
        super().__init__(f"Seats have the category {', '.join(keys)}. Nothing was changed.", categories=keys)


class HallInUse(Conflict):
    """Seats of this event have been held, so its hall may only grow. Nothing was changed."""

    code = "hall_in_use"

    def __init__(self, *, removed: int, changed: int, seat_number: str) -> None:
        super().__init__(
            f"Seats of this event have been held, so its hall may only get more seats. This would remove {removed} and "
            f"change {changed}, such as {seat_number}. Nothing was changed.",
            removed=removed,
            changed=changed,
            seat_number=seat_number,
        )


class EventHasConfirmedReservations(Conflict):
    """An event with sold seats cannot be deleted."""

    code = "event_has_confirmed_reservations"

    def __init__(self, confirmed_seats: int) -> None:
        super().__init__(
            f"{confirmed_seats} seats of this event are sold; it cannot be deleted.",
            confirmed_seats=confirmed_seats,
        )


class UpgradeUnfinished(Conflict):
    """Something cannot be set or done yet: nodes of an older version, which would not respect it, may be running."""

    code = "upgrade_unfinished"

    def __init__(self, field: str) -> None:
        super().__init__(
            f"{field} is possible once the upgrade of this installation is finished (`holdfast migrate finish`).",
            field=field,
        )


class ChannelNotFound(NotFound):
    """The event has no such channel, or the caller may not see it."""

    code = "channel_not_found"

    def __init__(self, key: str) -> None:
        super().__init__(f"This event has no channel {key!r}.", key=key)


class SelectionNotFound(NotFound):
    """The event has no seats of that description. Nothing was changed."""

    code = "selection_not_found"

    NAMED_MAX = 100

    def __init__(self, kind: str, missing: list[str]) -> None:
        named = missing[: self.NAMED_MAX]
        rest = len(missing) - len(named)
        more = f" and {rest} more" if rest else ""
        super().__init__(
            f"{kind}: this event has no seats in {', '.join(named)}{more}. Nothing was changed.",
            field=kind,
            missing=named,
        )


class TooManyChannels(Conflict):
    """An event has a limited number of channels."""

    code = "too_many_channels"

    def __init__(self, channels_max: int) -> None:
        super().__init__(f"An event has at most {channels_max} channels.", channels_max=channels_max)
