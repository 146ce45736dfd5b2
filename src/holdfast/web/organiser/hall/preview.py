"""What the preview's map shows while a form is filled in."""

from dataclasses import replace

import msgspec

from holdfast.application.catalogue.catalogue import Catalogue
from holdfast.application.catalogue.hall_preview import preview_of
from holdfast.application.giving_way import in_steps
from holdfast.application.identity.verbs import Verb
from holdfast.domain.catalogue.categories import CategoryDetails
from holdfast.domain.hall.document import Hall, sections_in
from holdfast.domain.hall.formats import hall_from
from holdfast.domain.refusal import InvalidValue
from holdfast.http.endpoints.answer import Answer, json_answer
from holdfast.web.kit.forms import Form
from holdfast.web.kit.page import Page
from holdfast.web.kit.visit import Visit
from holdfast.web.organiser.faults import Faults
from holdfast.web.organiser.hall.importing import BODY_BYTES_MAX, document_in, format_of, prices_from
from holdfast.web.organiser.hall.section import first_categories, hall_with, own_field, path_of
from holdfast.web.organiser.hall.section_form import typed_in
from holdfast.web.organiser.hall.stored import OpenHall, check_hall, open_hall
from holdfast.web.organiser.room import event_for


async def show(visit: Visit) -> Answer:
    """POST /organise/events/{event_id}/hall/preview: the layout of what a form would store, or what is wrong with it.

    A mistake is no failure here: while somebody types, most of what they have typed is not finished. However many type,
    one hall at a time is laid out.
    """
    event = await event_for(visit, Verb.PUT_HALL)
    catalogue = visit.capability(Catalogue)
    faults = Faults(visit)
    async with catalogue.bulk_line.place() as place:
        form = await visit.form()
        await place.turn()
        opened = await open_hall(visit, event.id)
        try:
            hall, categories = await _hall_of(visit, form, opened, event.details.currency)
            layout, seats = await preview_of(hall, categories)
        except InvalidValue as error:
            faults.note(error)
            return json_answer(200, {"faults": faults.with_labels()})
    return json_answer(200, {"seats": seats, "layout": msgspec.Raw(layout)})


async def _hall_of(visit: Visit, form: Form, opened: OpenHall, currency: str) -> tuple[Hall, list[CategoryDetails]]:
    if form.has("format"):
        raw, typed = await document_in(form)
        prices = prices_from(typed.prices, currency)
        steps = hall_from(raw, format_of(typed.format), known=opened.categories, prices=prices)
        imported = await in_steps(steps)
        return imported.hall, imported.categories
    key = form.text("key")
    before = None
    if opened.hall is not None:
        before = next((section for section, _, _ in sections_in(opened.hall) if section.key == key), None)
    section_form = typed_in(form)
    # While the name is still to be typed, the rows can be shown already.
    hall, section = hall_with(opened, replace(section_form, name=section_form.name or "?"), before, visit)
    try:
        await check_hall(hall)
    except InvalidValue as error:
        raise own_field(error, path_of(hall, section.key)) from None
    return hall, list(opened.categories) or first_categories(visit)


PAGES = (
    Page(
        path="/organise/events/{event_id}/hall/preview",
        name="hall_preview",
        post=show,
        no_store=True,
        body_bytes_max=BODY_BYTES_MAX,
        is_page=False,
    ),
)
