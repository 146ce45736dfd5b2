"""One event: its details, publishing it, and deleting it."""

from dataclasses import fields, replace

from holdfast.application.catalogue.catalogue import Catalogue
from holdfast.application.catalogue.delete_event import delete_event
from holdfast.application.catalogue.edit_event import edit_event
from holdfast.application.identity.verbs import Verb
from holdfast.application.reading.views import Views
from holdfast.domain.catalogue.event import Event, EventDetails
from holdfast.domain.catalogue.refusals import (
    EventArchived,
    EventHasConfirmedReservations,
    PreconditionFailed,
    SeatsExceedTotal,
    UpgradeUnfinished,
)
from holdfast.http.endpoints.answer import Answer
from holdfast.web.kit.page import Page
from holdfast.web.kit.visit import Visit
from holdfast.web.organiser.event_form import ZONES, Typed, currencies, details_from, typed_in, typed_of
from holdfast.web.organiser.faults import Faults
from holdfast.web.organiser.room import event_for, present_or_archived, require_signed_in, room_of

_REFUSED = (PreconditionFailed, SeatsExceedTotal, UpgradeUnfinished)
_ALL_BUT_PUBLISHED = tuple(one.name for one in fields(EventDetails) if one.name != "published")


async def show(visit: Visit) -> Answer:
    """GET /organise/events/{event_id}. The box office, who may not edit it, is sent to its reservations."""
    require_signed_in(visit)
    event_id = visit.path_id("event_id")
    editor = await visit.may(Verb.EDIT_EVENT, event_id)
    if not editor and await visit.may(Verb.LIST_EVENT_RESERVATIONS, event_id):
        return visit.see_other(f"/organise/events/{event_id}/reservations")
    event = await present_or_archived(visit, Verb.EDIT_EVENT)
    if event.archived:
        return visit.render("organiser/archived.html", status=410, code=EventArchived.code, event=event)
    return await _page(visit, event, typed_of(event.details), event.edition)


async def save(visit: Visit) -> Answer:
    """POST /organise/events/{event_id}."""
    event = await event_for(visit, Verb.EDIT_EVENT)
    form = await visit.form()
    typed, faults, edition = typed_in(form), Faults(visit), form.text("edition")
    details = details_from(visit, typed, faults, published=event.details.published, before=event.details)
    if details is None:
        return await _page(visit, event, typed, edition, faults=faults)
    try:
        await edit_event(
            visit.capability(Catalogue),
            event.id,
            details,
            actor=visit.actor,
            unchanged=("published",),
            if_edition=[edition] if edition else None,
        )
    except _REFUSED as refusal:
        # If what is stored is what the form says, it was a double click.
        stored = await visit.capability(Views).reads.event(event.id)
        if stored is None or stored.details != replace(details, published=stored.details.published):
            return await _refused(visit, event, typed, edition, refusal)
    return visit.see_other(f"/organise/events/{event.id}", notice="event-saved")


async def publish(visit: Visit) -> Answer:
    """POST /organise/events/{event_id}/publish, also to hide it again."""
    event = await event_for(visit, Verb.EDIT_EVENT)
    form = await visit.form()
    wanted = form.text("published") != "no"
    details = replace(event.details, published=wanted)
    try:
        await edit_event(
            visit.capability(Catalogue), event.id, details, actor=visit.actor, unchanged=_ALL_BUT_PUBLISHED
        )
    except UpgradeUnfinished as refusal:
        return await _refused(visit, event, typed_of(event.details), event.edition, refusal)
    return visit.see_other(f"/organise/events/{event.id}", notice="published" if wanted else "hidden")


async def ask_to_delete(visit: Visit) -> Answer:
    """GET /organise/events/{event_id}/delete: say what would be lost."""
    return await _delete_page(visit, await event_for(visit, Verb.DELETE_EVENT))


async def delete(visit: Visit) -> Answer:
    """POST /organise/events/{event_id}/delete."""
    event = await event_for(visit, Verb.DELETE_EVENT)
    try:
        await delete_event(visit.capability(Catalogue), event.id, actor=visit.actor)
    except EventHasConfirmedReservations:
        return await _delete_page(visit, event, status=409)
    return visit.see_other("/organise", notice="event-deleted")


async def _refused(
    visit: Visit,
    event: Event,
    typed: Typed,
    edition: str,
    refusal: PreconditionFailed | SeatsExceedTotal | UpgradeUnfinished,
) -> Answer:
    faults = Faults(visit)
    if isinstance(refusal, SeatsExceedTotal):
        text = visit.words.gettext("The hall has {seats} seats already.")
        faults["total_seats"] = text.format(seats=refusal.data["seats"])
    else:
        faults.note(refusal)
    present = event
    if isinstance(refusal, PreconditionFailed):
        # What is stored now is shown beside, and saving again replaces it.
        present = await visit.capability(Views).reads.event(event.id) or event
        edition = present.edition
    return await _page(visit, present, typed, edition, faults=faults, status=409)


async def _page(
    visit: Visit, event: Event, typed: Typed, edition: str, *, faults: Faults | None = None, status: int = 400
) -> Answer:
    stored = typed_of(event.details)
    names = [one.name for one in fields(Typed) if getattr(stored, one.name) != getattr(typed, one.name)]
    return visit.render(
        "organiser/event.html",
        status=status if faults else 200,
        typed=typed,
        stored={name: getattr(stored, name) for name in names} if faults and status == 409 else {},
        edition=edition,
        faults=faults or {},
        zones=ZONES,
        currencies=currencies(visit.language),
        **await room_of(visit, event, "event"),
    )


async def _delete_page(visit: Visit, event: Event, status: int = 200) -> Answer:
    return visit.render("organiser/event_delete.html", status=status, **await room_of(visit, event, "event"))


PAGES = (
    Page(path="/organise/events/{event_id}", name="organise_event", get=show, post=save),
    Page(path="/organise/events/{event_id}/publish", name="publish_event", post=publish),
    Page(path="/organise/events/{event_id}/delete", name="delete_event", get=ask_to_delete, post=delete),
)
