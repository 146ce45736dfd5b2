"""Finds seats by the numbers that people write."""

import asyncio
import re
from uuid import UUID

import msgspec

from holdfast.application.reading.views import Views
from holdfast.domain.catalogue.channel import CHANNEL_SEATS_MAX
from holdfast.domain.catalogue.refusals import EventNotFound
from holdfast.domain.complaint import printable
from holdfast.domain.legible import same_look
from holdfast.domain.refusal import InvalidValue
from holdfast.web.kit.visit import Visit

_APART = re.compile(r"[,;、\n\r\t]+")
_NAMED_MAX = 5


async def ids_of_numbers(visit: Visit, event_id: UUID, text: str) -> list[UUID]:
    """Return the ids of the seats with some numbers, such as `stalls-A-1, stalls-A-2`.

    Raises:
        InvalidValue: naming `numbers`, and those that the event does not have.
    """
    wanted = list(dict.fromkeys(same_look(part.strip()) for part in _APART.split(text) if part.strip()))
    if len(wanted) > CHANNEL_SEATS_MAX:
        raise InvalidValue("numbers", f"must be at most {CHANNEL_SEATS_MAX}")
    standing = await visit.capability(Views).reads.event(event_id)
    if standing is None:
        raise EventNotFound(event_id)
    chart = await visit.capability(Views).charts.chart(event_id, large=standing.seats >= 5_000)
    if chart is None:
        raise EventNotFound(event_id)
    found = await asyncio.to_thread(_by_number, chart.columns["seat_numbers"], chart.columns["ids"], wanted)
    missing = [number for number, seat_id in zip(wanted, found, strict=True) if seat_id is None]
    if missing:
        named = ", ".join(printable(one) for one in missing[:_NAMED_MAX])
        raise InvalidValue("numbers", f"has no seat of this event: {named}")
    return [seat_id for seat_id in found if seat_id is not None]


def _by_number(numbers: bytes, ids: bytes, wanted: list[str]) -> list[UUID | None]:
    by_number = dict(
        zip(
            map(same_look, msgspec.json.decode(numbers, type=list[str])),
            msgspec.json.decode(ids, type=list[str]),
            strict=True,
        )
    )
    return [UUID(by_number[number]) if number in by_number else None for number in wanted]
