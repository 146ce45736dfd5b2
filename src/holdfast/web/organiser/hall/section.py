"""One section of a hall: adding, changing and duplicating it, with a preview."""

from dataclasses import replace

from msgspec import structs

from holdfast.application.identity.verbs import Verb
from holdfast.domain.catalogue.categories import CategoryDetails
from holdfast.domain.catalogue.refusals import PreconditionFailed
from holdfast.domain.hall.document import Hall, Section, sections_in
from holdfast.domain.refusal import InvalidValue
from holdfast.http.endpoints.answer import Answer
from holdfast.web.kit.page import Page
from holdfast.web.kit.visit import Visit
from holdfast.web.organiser.faults import Faults
from holdfast.web.organiser.hall.section_form import (
    LABELS,
    NUMBERINGS,
    Typed,
    section_from,
    typed_in,
    typed_of,
)
from holdfast.web.organiser.hall.stored import REFUSED, OpenHall, below, open_hall, store_hall, with_section
from holdfast.web.organiser.hall.templates import BLUE, stage
from holdfast.web.organiser.room import event_for, room_of


async def new(visit: Visit) -> Answer:
    """GET /organise/events/{event_id}/hall/sections/new, also with `?like=`."""
    event = await event_for(visit, Verb.PUT_HALL)
    opened = await open_hall(visit, event.id)
    x, y = below(opened.hall)
    categories = opened.categories or first_categories(visit)
    like = _find(opened.hall, visit.query("like"))
    if like is not None:
        typed = replace(typed_of(like[0], like[1]), name="", y=f"{y:g}")
    else:
        kind = "area" if visit.query("kind") == "area" else "rows"
        typed = Typed(kind=kind, x=f"{x:g}", y=f"{y:g}", category=categories[-1].key)
    return await _page(visit, opened, typed, None, edition=opened.edition)


async def edit(visit: Visit) -> Answer:
    """GET /organise/events/{event_id}/hall/sections/{key}."""
    event = await event_for(visit, Verb.PUT_HALL)
    opened = await open_hall(visit, event.id)
    found = _find(opened.hall, visit.call.path_text("key"))
    if found is None:
        return visit.see_other(f"/organise/events/{event.id}/hall")
    return await _page(visit, opened, typed_of(*found), found[0], edition=opened.edition)


async def add(visit: Visit) -> Answer:
    """POST /organise/events/{event_id}/hall/sections/new."""
    return await _save(visit, None)


async def save(visit: Visit) -> Answer:
    """POST /organise/events/{event_id}/hall/sections/{key}."""
    return await _save(visit, visit.call.path_text("key"))


def hall_with(opened: OpenHall, typed: Typed, before: Section | None, visit: Visit) -> tuple[Hall, Section]:
    """Return the hall as it would be with a form's section, and that section.

    Raises:
        InvalidValue: naming the field.
    """
    hall = opened.hall or Hall(format="holdfast-hall/1", shapes=[stage(visit.words)])
    taken = {section.key for section, _, _ in sections_in(hall)}
    section = section_from(typed, before=before, taken=taken)
    return with_section(
        hall, section, floor=typed.floor or None, before=None if before is None else before.key
    ), section


def first_categories(visit: Visit) -> list[CategoryDetails]:
    """Return the category of the first section of an event that has none. Its price is set afterwards."""
    return [CategoryDetails("standard", visit.words.gettext("Standard"), BLUE, 0)]


def path_of(hall: Hall, key: str) -> str:
    """Return the path of a section in a document, with which refusals name it."""
    return next((path for section, _, path in sections_in(hall) if section.key == key), "sections")


def own_field(error: InvalidValue, path: str) -> InvalidValue:
    """Name the field of the form, where a refusal names a place in the document."""
    field = str(error.data["field"])
    if not field.startswith(path):
        return error
    inside = field.removeprefix(path).lstrip(".")
    for part in ("exceptions", "numbering", "count", "label", "category", "name", "capacity"):
        if part in inside:
            names = {"exceptions": "missing", "count": "seats", "label": "first_label"}
            return InvalidValue(names.get(part, part), f"{error.data['problem']} ({inside})")
    return InvalidValue("", f"{inside}: {error.data['problem']}" if inside else str(error.data["problem"]))


async def _save(visit: Visit, key: str | None) -> Answer:
    event = await event_for(visit, Verb.PUT_HALL)
    form = await visit.form()
    typed, edition, faults = typed_in(form), form.text("edition"), Faults(visit)
    opened = await open_hall(visit, event.id)
    before = None
    if key is not None:
        found = _find(opened.hall, key)
        if found is None:
            faults[""] = visit.words.gettext("This section was removed meanwhile. Nothing was stored.")
            return await _page(visit, opened, typed, None, edition=edition, faults=faults)
        before = found[0]
    path, section = "", None
    try:
        hall, section = hall_with(opened, typed, before, visit)
        path = path_of(hall, section.key)
        categories = None if opened.categories else first_categories(visit)
        await store_hall(visit, event.id, hall, edition=edition, categories=categories)
    except REFUSED as refusal:
        if isinstance(refusal, PreconditionFailed) and _has(await open_hall(visit, event.id), section):
            return visit.see_other(f"/organise/events/{event.id}/hall", notice="section-saved")  # a double click
        named = own_field(refusal, path) if isinstance(refusal, InvalidValue) and path else refusal
        faults.note(named)
        stays = opened.edition if refusal.code == "precondition_failed" else edition
        return await _page(visit, opened, typed, before, edition=stays, faults=faults)
    return visit.see_other(f"/organise/events/{event.id}/hall", notice="section-saved")


async def _page(
    visit: Visit,
    opened: OpenHall,
    typed: Typed,
    before: Section | None,
    *,
    edition: str,
    faults: Faults | None = None,
) -> Answer:
    event = await event_for(visit, Verb.PUT_HALL)
    return visit.render(
        "organiser/section.html",
        status=400 if faults else 200,
        typed=typed,
        key=None if before is None else before.key,
        before=before,
        edition=edition,
        categories=opened.categories or first_categories(visit),
        floors=[] if opened.hall is None else [*(opened.hall.floors or ())],
        labels=[(name, visit.words.gettext(title)) for name, title in LABELS],
        numberings=[(name, visit.words.gettext(title)) for name, title in NUMBERINGS],
        faults=faults or {},
        **await room_of(visit, event, "hall"),
    )


def _has(opened: OpenHall, section: Section | None) -> bool:
    """Tell whether a hall has a section like this one, perhaps under another key."""
    there = () if opened.hall is None else sections_in(opened.hall)
    return section is not None and any(one == structs.replace(section, key=one.key) for one, _, _ in there)


def _find(hall: Hall | None, key: str) -> tuple[Section, str | None] | None:
    if hall is None or not key:
        return None
    return next(((section, floor) for section, floor, _ in sections_in(hall) if section.key == key), None)


PAGES = (
    Page(path="/organise/events/{event_id}/hall/sections/new", name="new_section", get=new, post=add),
    Page(path="/organise/events/{event_id}/hall/sections/{key}", name="section", get=edit, post=save),
)
