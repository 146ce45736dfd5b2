"""The organiser's events, and making a new one."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from holdfast.application.catalogue.catalogue import Catalogue
from holdfast.application.catalogue.create_event import create_event
from holdfast.application.catalogue.put_categories import put_categories
from holdfast.application.catalogue.put_hall import put_hall
from holdfast.application.giving_way import in_steps
from holdfast.application.identity.identity import Identity
from holdfast.application.identity.organisers import list_organisers
from holdfast.application.identity.policy import Verdict, decide_unseen, reach_of
from holdfast.application.identity.verbs import Verb
from holdfast.application.reading.views import Views
from holdfast.domain.catalogue.categories import CategoryDetails
from holdfast.domain.catalogue.event import Event
from holdfast.domain.catalogue.refusals import EventNotFound
from holdfast.domain.hall.imported import Imported
from holdfast.domain.hall.reading import reading_hall
from holdfast.domain.identity.organisers import Organiser
from holdfast.domain.identity.refusals import Forbidden
from holdfast.domain.refusal import InvalidValue, Refusal
from holdfast.http.endpoints.answer import Answer
from holdfast.web.kit.form_ids import new_form_id
from holdfast.web.kit.page import Page
from holdfast.web.kit.submissions import submission_of
from holdfast.web.kit.visit import Visit
from holdfast.web.organiser.event_form import (
    ZONES,
    Typed,
    currencies,
    details_from,
    typed_first,
    typed_in,
    typed_of,
)
from holdfast.web.organiser.faults import Faults
from holdfast.web.organiser.placement import catalogue_for, suggestion_for
from holdfast.web.organiser.room import Standing, require_signed_in, standing_of

PAGE_EVENTS = 50
ORGANISERS_MAX = 200
"""Organisers to choose from; an admin may see more, and reaches them by their addresses."""


@dataclass(frozen=True, slots=True)
class Listed:
    """An event in the list."""

    event: Event
    standing: Standing


async def show(visit: Visit) -> Answer:
    """GET /organise."""
    require_signed_in(visit)
    organisers = await organisers_of(visit)
    if not organisers:
        return visit.render("organiser/nobody.html", status=200, me=visit.signed_in_as)
    chosen = chosen_organiser(visit, organisers)
    start = _start(visit)
    views = visit.capability(Views)
    shown = {one.id for one in organisers} if chosen is None else {chosen.id}
    found = await views.reads.events_of(shown, limit=PAGE_EVENTS + 1, offset=start)
    now = datetime.now(UTC)
    listed = [Listed(event, standing_of(event, now)) for event in found[:PAGE_EVENTS]]
    return visit.render(
        "organiser/events.html",
        coming=sorted((one for one in listed if one.event.details.end_at > now), key=_start_of),
        over=[one for one in listed if one.event.details.end_at <= now],
        organisers=organisers,
        chosen=chosen,
        names={one.id: one.name for one in organisers},
        may_create=may_somewhere(visit, Verb.CREATE_EVENT),
        may_manage=may_somewhere(visit, Verb.LIST_MEMBERS),
        may_found=may_somewhere(visit, Verb.CREATE_ORGANISER),
        start=start,
        following=start + PAGE_EVENTS if len(found) > PAGE_EVENTS else None,
    )


async def new(visit: Visit) -> Answer:
    """GET /organise/events/new, also with `?copy=`."""
    require_signed_in(visit)
    source = await _source(visit, visit.query("copy"))
    typed = typed_first(visit.language) if source is None else typed_of(source.details)
    return await _form(visit, typed, source=source)


async def create(visit: Visit) -> Answer:
    """POST /organise/events/new."""
    require_signed_in(visit)
    form = await visit.form()
    source = await _source(visit, form.text("copy"))
    typed, faults = typed_in(form), Faults(visit)
    details = details_from(visit, typed, faults, published=False, before=None if source is None else source.details)
    if details is None:
        return await _form(visit, typed, source=source, faults=faults)
    try:
        organiser_id = await visit.caller.organiser_for(Verb.CREATE_EVENT, _id(form.text("organiser")))
        catalogue = await catalogue_for(visit, seats=details.total_seats)
        event = await create_event(
            catalogue, details, organiser_id=organiser_id, actor=visit.actor, submission=await submission_of(visit)
        )
    except InvalidValue as error:
        faults.note(error, {"organiser_id": "organiser"})
        return await _form(visit, typed, source=source, faults=faults)
    except Refusal as refusal:
        if refusal.code != "upgrade_unfinished":
            raise
        faults.note(refusal)
        return await _form(visit, typed, source=source, faults=faults)
    if source is not None and form.has("with_hall"):
        await _copy_hall(visit, source, catalogue, event)
    return visit.see_other(f"/organise/events/{event.id}/hall", notice="event-created")


async def organisers_of(visit: Visit) -> list[Organiser]:
    """Return the organisers that the visitor works for; none for somebody who works for nobody."""
    if decide_unseen(visit.principal, Verb.LIST_ORGANISERS) is not Verdict.ALLOWED:
        return []
    found = await list_organisers(visit.capability(Identity), visit.principal, limit=ORGANISERS_MAX, offset=0)
    return sorted(found, key=lambda one: one.name.casefold())


def chosen_organiser(visit: Visit, organisers: list[Organiser]) -> Organiser | None:
    """Return the organiser that the address names, or the only one there is; None for all of them."""
    if len(organisers) == 1:
        return organisers[0]
    wanted = visit.query("organiser")
    return next((one for one in organisers if str(one.id) == wanted), None)


def may_somewhere(visit: Visit, verb: Verb) -> bool:
    """Return whether there may be anything on which the visitor may do this."""
    reach = reach_of(visit.principal, verb)
    return reach.everything or bool(reach.organiser_ids)


async def _form(visit: Visit, typed: Typed, *, source: Event | None, faults: Faults | None = None) -> Answer:
    reach = reach_of(visit.principal, Verb.CREATE_EVENT)
    organisers = [one for one in await organisers_of(visit) if reach.everything or one.id in reach.organiser_ids]
    if not organisers:
        raise Forbidden
    form_id = new_form_id()
    return visit.render(
        "organiser/event_new.html",
        status=400 if faults else 200,
        typed=typed,
        faults=faults or {},
        zones=ZONES,
        currencies=currencies(visit.language),
        organisers=organisers,
        organiser=visit.query("organiser"),
        source=source,
        form_id_shown=form_id,
        cell=await suggestion_for(visit, form_id),
    )


async def _source(visit: Visit, text: str) -> Event | None:
    """Return the event that is copied."""
    event_id = _id(text)
    if event_id is None:
        return None
    await visit.caller.look_at_event(Verb.EDIT_EVENT, event_id)
    event = await visit.capability(Views).reads.event(event_id)
    if event is None:
        raise EventNotFound(event_id)
    return event


async def _copy_hall(visit: Visit, source: Event, catalogue: Catalogue, event: Event) -> None:
    """Give the new event the prices and the hall of another one, which may be in another cell."""
    found, stored = None, None
    for of_source in visit.capabilities_at(Catalogue, source.id):
        found = await of_source.reads.halls.categories(source.id)
        stored = await of_source.reads.halls.hall(source.id)
        if found is not None:
            break
    if found is not None and found[0]:
        await put_categories(catalogue, event.id, [one.details for one in found[0]], actor=visit.actor)
    if stored is None or stored.document is None:
        return
    document = stored.document.encode()

    async def read(known: list[CategoryDetails]) -> Imported:
        return Imported(await in_steps(reading_hall(document)), known)

    async with catalogue.bulk_line.place() as place:
        await place.turn()
        await put_hall(catalogue, event.id, read, place=place, actor=visit.actor)


def _id(text: str) -> UUID | None:
    if not text:
        return None
    try:
        return UUID(text)
    except ValueError:
        raise InvalidValue("id", "must be a UUID") from None


def _start(visit: Visit) -> int:
    text = visit.query("start")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 7 else 0


def _start_of(one: Listed) -> datetime:
    return one.event.details.start_at


PAGES = (
    Page(path="/organise", name="organise", get=show, lists_all=True),
    Page(path="/organise/events/new", name="new_event", get=new, post=create),
)
