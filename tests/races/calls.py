"""The requests and responses of a race, as plain data that can be sent between processes."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from holdfast.application.booking.cancel import cancel
from holdfast.application.booking.change_seats import change_seats
from holdfast.application.booking.confirm import confirm
from holdfast.application.booking.extend import extend
from holdfast.application.booking.reserve import reserve
from holdfast.application.catalogue.add_seats import add_seats
from holdfast.application.catalogue.delete_channel import delete_channel
from holdfast.application.catalogue.delete_event import delete_event
from holdfast.application.catalogue.edit_event import edit_event
from holdfast.application.catalogue.keep_seats_back import begin_giving_back, begin_keeping_back
from holdfast.application.failures import Unavailable
from holdfast.bootstrap.engine import Engine
from holdfast.domain.booking.channels import digest_of
from holdfast.domain.booking.commands import Done
from holdfast.domain.catalogue.channel import SeatSelection
from holdfast.domain.catalogue.seat import NewSeat
from holdfast.domain.identity.audit import Actor
from holdfast.domain.identity.principal import open_principal
from holdfast.domain.refusal import Refusal


@dataclass(frozen=True)
class Call:
    """One request. Ids are canonical text; `delay_seconds` counts from the start of the race."""

    verb: str
    event_id: str = ""
    user_id: str = ""
    key: str = ""
    seat_ids: tuple[str, ...] = ()
    reservation_id: str = ""
    seat_numbers: tuple[str, ...] = ()
    delay_seconds: float = 0.0
    channel: str = ""
    """The channel, for calls about its seats; of a wish, whose code it names."""


@dataclass(frozen=True)
class Answer:
    """The result of a call: `code` is `done`, a refusal's code, `unavailable`, or `bug`."""

    code: str
    reservation_id: str = ""
    status: str = ""
    replayed: bool = False
    seat_ids: tuple[str, ...] = ()
    data: dict[str, Any] = field(default_factory=dict)

    @property
    def done(self) -> bool:
        return self.code == "done"


def reserve_call(event_id: UUID, user_id: str, seat_ids: Sequence[UUID], *, key: str = "once") -> Call:
    """Return a wish; users differ, so they can share one key."""
    return Call("reserve", str(event_id), user_id, key, tuple(str(seat_id) for seat_id in seat_ids))


def channel_call(verb: str, event_id: UUID, seat_ids: Sequence[UUID] = (), *, channel: str = "fans") -> Call:
    """Return a change of a channel and its seats. The code of a channel is its key."""
    return Call(verb, str(event_id), seat_ids=tuple(str(seat_id) for seat_id in seat_ids), channel=channel)


def resolve_call(verb: str, reservation_id: str, user_id: str, *, delay_seconds: float = 0.0) -> Call:
    """Return a confirmation or a cancellation."""
    return Call(verb, user_id=user_id, reservation_id=reservation_id, delay_seconds=delay_seconds)


def extend_call(reservation_id: str, user_id: str, known: datetime) -> Call:
    """Return an extension of a hold whose end is known."""
    return Call("extend", user_id=user_id, reservation_id=reservation_id, key=known.isoformat())


def change_call(reservation_id: str, user_id: str, seat_ids: Sequence[UUID]) -> Call:
    """Return a wish of a hold for other seats."""
    return Call("change_seats", "", user_id, "", tuple(str(seat_id) for seat_id in seat_ids), reservation_id)


async def perform(engine: Engine, call: Call) -> Answer:
    """Perform one call and return its result; nothing is raised."""
    try:
        act = _change_channel if call.channel and call.verb != "reserve" else _perform
        return await act(engine, call)
    except Refusal as refusal:
        return Answer(refusal.code, data=dict(refusal.data))
    except Unavailable as unavailable:
        return Answer("unavailable", data={"outcome": unavailable.outcome, "detail": str(unavailable)})
    except Exception as bug:  # noqa: BLE001 - the test tells, and shows what it was
        return Answer("bug", data={"error": repr(bug)})


async def _perform(engine: Engine, call: Call) -> Answer:
    match call.verb:
        case "reserve":
            return _answer(
                await reserve(
                    engine.booking,
                    event_id=UUID(call.event_id),
                    user_id=call.user_id,
                    idempotency_key=call.key,
                    seat_ids=tuple(UUID(seat_id) for seat_id in call.seat_ids),
                    code_digest=digest_of(call.channel) if call.channel else None,
                )
            )
        case "confirm" | "sell" | "cancel" | "extend" | "change_seats":
            return _answer(await _perform_on_hold(engine, call, UUID(call.reservation_id)))
        case "move_opening":
            event = await engine.catalogue.reads.event(UUID(call.event_id))
            assert event is not None
            opens_at = datetime.fromisoformat(call.key) if call.key else None
            await edit_event(engine.catalogue, event.id, replace(event.details, sale_opens_at=opens_at))
            return Answer("done")
        case "delete_event":
            await delete_event(engine.catalogue, UUID(call.event_id))
            return Answer("done")
        case "add_seats":
            new = [NewSeat(seat_number=number, price=1000) for number in call.seat_numbers]
            seats, _ = await add_seats(engine.catalogue, UUID(call.event_id), new)
            return Answer("done", seat_ids=tuple(str(seat.id) for seat in seats))
    raise ValueError(call.verb)


async def _change_channel(engine: Engine, call: Call) -> Answer:
    event_id, actor = UUID(call.event_id), Actor(principal=open_principal("organiser"), request_id="race")
    if call.verb == "delete_channel":
        await delete_channel(engine.catalogue, event_id, call.channel)
        return Answer("done")
    if call.verb not in ("keep_back", "give_back"):
        raise ValueError(call.verb)
    selection = SeatSelection(seat_ids=[UUID(seat_id) for seat_id in call.seat_ids])
    arguments = engine.catalogue, event_id, call.channel, selection, list(selection.seat_ids)
    if call.verb == "keep_back":
        kept = await begin_keeping_back(*arguments, actor=actor).result()
        return Answer("done", seat_ids=tuple(map(str, kept.taken_seat_ids)), data={"kept_back": kept.kept_back})
    given = await begin_giving_back(*arguments, actor=actor).result()
    return Answer("done", data={"seats": given.seats, "available": given.available})


async def _perform_on_hold(engine: Engine, call: Call, reservation_id: UUID) -> Done:
    hold: dict[str, Any] = {"reservation_id": reservation_id, "user_id": call.user_id}
    match call.verb:
        case "cancel":
            return await cancel(engine.booking, **hold)
        case "extend":
            return await extend(engine.booking, **hold, known_expires_at=datetime.fromisoformat(call.key))
        case "change_seats":
            return await change_seats(engine.booking, **hold, seat_ids=tuple(map(UUID, call.seat_ids)))
        case _:
            return await confirm(engine.booking, **hold, by_seller=call.verb == "sell")


def _answer(done: Done) -> Answer:
    reservation = done.reservation
    return Answer(
        "done",
        reservation_id=str(reservation.id),
        status=str(reservation.status),
        replayed=done.replayed,
        seat_ids=tuple(str(seat_id) for seat_id in reservation.seat_ids),
    )


async def perform_together(engine: Engine, calls: Sequence[Call], *, start_at: float) -> list[Answer]:
    """Perform all calls at once.

    Args:
        engine: Who answers.
        calls: The race.
        start_at: Seconds since 1970: the barrier, which processes of one machine share.
    """
    barrier = asyncio.Event()

    async def run(call: Call) -> Answer:
        await barrier.wait()
        if call.delay_seconds:
            await asyncio.sleep(call.delay_seconds)
        return await perform(engine, call)

    tasks = [asyncio.create_task(run(call)) for call in calls]
    await asyncio.sleep(max(0.0, start_at - time.time()))
    barrier.set()
    return list(await asyncio.gather(*tasks))


def to_json(value: Call | Answer) -> dict[str, Any]:
    """Encode for another process."""
    return asdict(value)


def call_from(fields: dict[str, Any]) -> Call:
    """Decode a call from another process."""
    return replace(Call(**fields), seat_ids=tuple(fields["seat_ids"]), seat_numbers=tuple(fields["seat_numbers"]))


def answer_from(fields: dict[str, Any]) -> Answer:
    """Decode a result from another process."""
    return replace(Answer(**fields), seat_ids=tuple(fields["seat_ids"]))
