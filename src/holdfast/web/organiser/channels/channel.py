"""One channel: what is said of it, and which seats it keeps back."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from holdfast.application.catalogue.catalogue import Catalogue
from holdfast.application.catalogue.keep_seats_back import begin_giving_back, begin_keeping_back, find_seats
from holdfast.application.identity.verbs import Verb
from holdfast.domain.booking.refusals import SeatsNotFound
from holdfast.domain.catalogue.channel import RowOfSeats, SeatSelection, StoredChannel
from holdfast.domain.catalogue.event import Event
from holdfast.domain.catalogue.refusals import SelectionNotFound
from holdfast.domain.refusal import InvalidValue
from holdfast.http.endpoints.answer import Answer
from holdfast.web.kit.forms import Form
from holdfast.web.kit.page import Page
from holdfast.web.kit.visit import Visit
from holdfast.web.organiser.channels.channels import Typed, channel_of, save, typed_of
from holdfast.web.organiser.channels.seat_numbers import ids_of_numbers
from holdfast.web.organiser.faults import Faults
from holdfast.web.organiser.hall.stored import lines_of, open_hall
from holdfast.web.organiser.room import event_for, room_of

_ROWS_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Picked:
    """The form that says which seats, as it was filled in."""

    by: str = "sections"
    """`sections`, `categories`, `rows`, `numbers` or `map`."""
    sections: Sequence[str] = field(default_factory=list)
    categories: Sequence[str] = field(default_factory=list)
    row_section: str = ""
    rows: str = ""
    numbers: str = ""
    seat_ids: str = ""
    """Of the seats that were chosen on the map."""


@dataclass(frozen=True, slots=True)
class Done:
    """What came of it, to be said above the form."""

    kept: bool
    seats: int
    free: int
    taken: int = 0


async def show(visit: Visit) -> Answer:
    """GET /organise/events/{event_id}/channels/{key}."""
    event = await event_for(visit, Verb.PUT_CHANNEL)
    channel = await channel_of(visit, event)
    return await _page(visit, event, channel, typed_of(channel, event.details.timezone), Picked())


async def change(visit: Visit) -> Answer:
    """POST /organise/events/{event_id}/channels/{key}: its name, code or opening."""
    event = await event_for(visit, Verb.PUT_CHANNEL)
    channel = await channel_of(visit, event)
    typed, faults = await save(visit, event, await visit.form(), channel)
    if faults:
        return await _page(visit, event, channel, typed, Picked(), faults=faults)
    return visit.see_other(f"/organise/events/{event.id}/channels/{channel.key}", notice="channel-saved")


async def change_seats(visit: Visit) -> Answer:
    """POST /organise/events/{event_id}/channels/{key}/seats: keep seats back, or give them back to all."""
    form = await visit.form()
    keeps = not form.has("give_back")
    event = await event_for(visit, Verb.KEEP_BACK_SEATS if keeps else Verb.GIVE_BACK_SEATS)
    channel = await channel_of(visit, event)
    picked, faults, done = _picked_in(form), Faults(visit), None
    try:
        done = await _change(visit, event, channel, picked, keeps=keeps)
    except InvalidValue as error:
        faults.note(error, {"body": "seats"})
    except SeatsNotFound:
        faults["seats"] = visit.words.gettext("The hall was changed meanwhile. Look at it, and try again.")
    except SelectionNotFound as refusal:
        faults.note(refusal)
    stored = await channel_of(visit, event)
    typed = typed_of(stored, event.details.timezone)
    return await _page(visit, event, stored, typed, picked, faults=faults, done=done)


async def _change(visit: Visit, event: Event, channel: StoredChannel, picked: Picked, *, keeps: bool) -> Done:
    """Make the change in its turn. The seats are looked for then, because that may take reading the whole chart."""
    catalogue = visit.capability(Catalogue)
    async with catalogue.bulk_line.place() as place:
        await place.turn()
        selection = await _selection(visit, event, picked)
        seat_ids = await find_seats(catalogue.seat_search, event.id, selection)
        if keeps:
            keeping = begin_keeping_back(catalogue, event.id, channel.key, selection, seat_ids, actor=visit.actor)
            place.keep_until(keeping.task)
            kept = await keeping.result()
            return Done(kept=True, seats=kept.seats, free=kept.kept_back, taken=len(kept.taken_seat_ids))
        giving = begin_giving_back(catalogue, event.id, channel.key, selection, seat_ids, actor=visit.actor)
        place.keep_until(giving.task)
        given = await giving.result()
        return Done(kept=False, seats=given.seats, free=given.available)


async def _selection(visit: Visit, event: Event, picked: Picked) -> SeatSelection:
    match picked.by:
        case "sections" if picked.sections:
            return SeatSelection(sections=list(picked.sections))
        case "categories" if picked.categories:
            return SeatSelection(categories=list(picked.categories))
        case "rows" if picked.rows:
            labels = [label.strip() for label in picked.rows.replace("、", ",").split(",") if label.strip()]
            if len(labels) > _ROWS_MAX:
                raise InvalidValue("rows", f"must be at most {_ROWS_MAX}")
            return SeatSelection(rows=[RowOfSeats(label, picked.row_section or None) for label in labels])
        case "numbers" if picked.numbers:
            return SeatSelection(seat_ids=await ids_of_numbers(visit, event.id, picked.numbers))
        case "map" if picked.seat_ids:
            return SeatSelection(seat_ids=_ids(picked.seat_ids))
    raise InvalidValue("seats", visit.words.gettext("Choose seats first."))


def _ids(text: str) -> list[UUID]:
    try:
        return [UUID(part) for part in dict.fromkeys(text.split())]
    except ValueError:
        raise InvalidValue("seats", "must be UUIDs") from None


def _picked_in(form: Form) -> Picked:
    return Picked(
        by=form.text("by"),
        sections=form.texts("sections"),
        categories=form.texts("categories"),
        row_section=form.text("row_section"),
        rows=form.text("rows"),
        numbers=form.raw("numbers").strip(),
        seat_ids=form.text("seat_ids"),
    )


async def _page(
    visit: Visit,
    event: Event,
    channel: StoredChannel,
    typed: Typed,
    picked: Picked,
    *,
    faults: Faults | None = None,
    done: Done | None = None,
) -> Answer:
    opened = await open_hall(visit, event.id)
    return visit.render(
        "organiser/channel.html",
        status=400 if faults else 200,
        channel=channel,
        typed=typed,
        picked=picked,
        done=done,
        sections=lines_of(opened),
        categories=opened.categories,
        faults=faults or {},
        **await room_of(visit, event, "channels"),
    )


PAGES = (
    Page(path="/organise/events/{event_id}/channels/{key}", name="channel", get=show, post=change),
    Page(
        path="/organise/events/{event_id}/channels/{key}/seats",
        name="channel_seats",
        post=change_seats,
        body_bytes_max=512 * 1024,
    ),
)
