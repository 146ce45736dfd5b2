"""The hall of an event: starting from a template, its sections, and files of it."""

from holdfast.application.giving_way import in_steps
from holdfast.application.identity.verbs import Verb
from holdfast.application.reading.views import Views
from holdfast.domain.catalogue.refusals import HallNotFound
from holdfast.domain.hall.document import sections_in
from holdfast.domain.hall.formats import HallFormat, document_of
from holdfast.domain.refusal import InvalidValue
from holdfast.http.endpoints.answer import JSON, Answer, Header
from holdfast.web.kit.page import Page
from holdfast.web.kit.visit import Visit
from holdfast.web.organiser.faults import Faults
from holdfast.web.organiser.hall.stored import REFUSED, OpenHall, lines_of, open_hall, store_hall, without_section
from holdfast.web.organiser.hall.templates import TEMPLATES, hall_from_template
from holdfast.web.organiser.room import event_for, room_of

_CSV: Header = (b"content-type", b"text/csv; charset=utf-8")
_FILES = {HallFormat.HOLDFAST: "holdfast-hall.json", HallFormat.PRETIX: "pretix.json", HallFormat.CSV: "seats.csv"}


async def show(visit: Visit) -> Answer:
    """GET /organise/events/{event_id}/hall."""
    event = await event_for(visit, Verb.PUT_HALL)
    return await _page(visit, await open_hall(visit, event.id))


async def start(visit: Visit) -> Answer:
    """POST /organise/events/{event_id}/hall: begin with a template."""
    event = await event_for(visit, Verb.PUT_HALL)
    form = await visit.form()
    opened = await open_hall(visit, event.id)
    made = hall_from_template(form.text("template"), visit.words, event.details.currency, list(opened.categories))
    if made is None:
        raise InvalidValue("template", "must be one of the templates")
    faults = Faults(visit)
    try:
        await store_hall(visit, event.id, made[0], edition=form.text("edition"), categories=made[1])
    except REFUSED as refusal:
        faults.note(refusal)
        return await _page(visit, opened, faults)
    return visit.see_other(f"/organise/events/{event.id}/hall", notice="hall-saved")


async def again(visit: Visit) -> Answer:
    """GET /organise/events/{event_id}/hall/templates: choose another template."""
    event = await event_for(visit, Verb.PUT_HALL)
    opened = await open_hall(visit, event.id)
    return visit.render(
        "organiser/hall_start.html",
        templates=TEMPLATES,
        edition=opened.edition,
        seats=event.seats,
        faults={},
        **await room_of(visit, event, "hall"),
    )


async def ask_to_remove(visit: Visit) -> Answer:
    """GET /organise/events/{event_id}/hall/sections/{key}/remove: say what would be lost."""
    event = await event_for(visit, Verb.PUT_HALL)
    return await _removal(visit, await open_hall(visit, event.id))


async def remove(visit: Visit) -> Answer:
    """POST /organise/events/{event_id}/hall/sections/{key}/remove."""
    event = await event_for(visit, Verb.PUT_HALL)
    form = await visit.form()
    opened = await open_hall(visit, event.id)
    faults = Faults(visit)
    left = None if opened.hall is None else without_section(opened.hall, visit.call.path_text("key"))
    if left is None:
        faults[""] = visit.words.gettext("A hall needs at least one section. Add another one first.")
        return await _removal(visit, opened, faults)
    try:
        await store_hall(visit, event.id, left, edition=form.text("edition"))
    except REFUSED as refusal:
        faults.note(refusal)
        return await _removal(visit, opened, faults)
    return visit.see_other(f"/organise/events/{event.id}/hall", notice="section-removed")


async def export(visit: Visit) -> Answer:
    """GET /organise/events/{event_id}/hall/file?format=."""
    event = await event_for(visit, Verb.PUT_HALL)
    try:
        wanted = HallFormat(visit.query("format") or "holdfast")
    except ValueError:
        raise InvalidValue("format", "must be holdfast, pretix or csv") from None
    opened = await open_hall(visit, event.id)
    if opened.hall is None:
        raise HallNotFound(event.id)
    hall, categories = opened.hall, opened.categories

    async def write() -> bytes:
        return await in_steps(document_of(hall, wanted, categories=categories))

    written = await visit.capability(Views).kept_exports.written(f"page {wanted} {opened.edition} {categories}", write)
    named = b'attachment; filename="%s"' % _FILES[wanted].encode()
    content_type = _CSV if wanted is HallFormat.CSV else JSON
    return Answer(200, written, ((b"content-disposition", named),), content_type)


async def _page(visit: Visit, opened: OpenHall, faults: Faults | None = None) -> Answer:
    event = await event_for(visit, Verb.PUT_HALL)
    status = 409 if faults else 200
    room = await room_of(visit, event, "hall")
    if opened.hall is None:
        return visit.render(
            "organiser/hall_start.html",
            status=status,
            templates=TEMPLATES,
            edition=opened.edition,
            seats=event.seats,
            faults=faults or {},
            **room,
        )
    return visit.render(
        "organiser/hall.html",
        status=status,
        lines=lines_of(opened),
        categories=opened.categories,
        faults=faults or {},
        **room,
    )


async def _removal(visit: Visit, opened: OpenHall, faults: Faults | None = None) -> Answer:
    event = await event_for(visit, Verb.PUT_HALL)
    key = visit.call.path_text("key")
    line = next((one for one in lines_of(opened) if one.key == key), None)
    if line is None:
        return visit.see_other(f"/organise/events/{event.id}/hall")
    assert opened.hall is not None
    return visit.render(
        "organiser/section_remove.html",
        status=409 if faults else 200,
        line=line,
        last=len(sections_in(opened.hall)) == 1,
        edition=opened.edition,
        faults=faults or {},
        **await room_of(visit, event, "hall"),
    )


PAGES = (
    Page(path="/organise/events/{event_id}/hall", name="hall", get=show, post=start),
    Page(path="/organise/events/{event_id}/hall/templates", name="hall_templates", get=again),
    Page(path="/organise/events/{event_id}/hall/file", name="hall_file", get=export, is_page=False),
    Page(
        path="/organise/events/{event_id}/hall/sections/{key}/remove",
        name="remove_section",
        get=ask_to_remove,
        post=remove,
    ),
)
