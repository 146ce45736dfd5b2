"""The price categories of an event."""

from dataclasses import dataclass

from holdfast.application.catalogue.catalogue import Catalogue
from holdfast.application.catalogue.put_categories import put_categories
from holdfast.application.identity.verbs import Verb
from holdfast.application.reading.views import Views
from holdfast.domain.catalogue.categories import CATEGORIES_MAX, CategoryDetails, categories_edition
from holdfast.domain.catalogue.refusals import CategoryInUse, EventNotFound, PreconditionFailed, UpgradeUnfinished
from holdfast.domain.hall.keys import key_from
from holdfast.domain.refusal import InvalidValue
from holdfast.http.endpoints.answer import Answer
from holdfast.web.kit.forms import Form
from holdfast.web.kit.page import Page
from holdfast.web.kit.visit import Visit
from holdfast.web.organiser.amounts import price_from, price_text
from holdfast.web.organiser.faults import Faults
from holdfast.web.organiser.room import event_for, room_of

_COLORS = ("#1f6feb", "#b3261e", "#1a7f37", "#9a6700", "#8250df", "#bf3989", "#0a7ea4", "#57606a")
"""Colours of new categories. Each has a contrast of at least 4.5 to white."""


@dataclass(frozen=True, slots=True)
class Line:
    """A category as it was filled in."""

    key: str
    name: str
    color: str
    price: str
    remove: bool = False


async def show(visit: Visit) -> Answer:
    """GET /organise/events/{event_id}/categories."""
    event = await event_for(visit, Verb.PUT_CATEGORIES)
    stored, edition = await _stored(visit)
    lines = [Line(one.key, one.name, one.color, price_text(one.price, event.details.currency)) for one in stored]
    return await _page(visit, lines, edition)


async def save(visit: Visit) -> Answer:
    """POST /organise/events/{event_id}/categories."""
    event = await event_for(visit, Verb.PUT_CATEGORIES)
    form = await visit.form()
    lines, faults, edition = _lines_in(form), Faults(visit), form.text("edition")
    wanted = _wanted(lines, event.details.currency, faults)
    if not wanted and not faults:
        faults[""] = visit.words.gettext("An event needs at least one category.")
    if not faults:
        try:
            await put_categories(
                visit.capability(Catalogue), event.id, wanted, actor=visit.actor, if_edition=edition or None
            )
        except InvalidValue as error:
            faults.note(_at_line(error, lines, wanted))
        except (CategoryInUse, PreconditionFailed, UpgradeUnfinished) as refusal:
            stored, present = await _stored(visit)
            if stored != wanted or not isinstance(refusal, PreconditionFailed):  # else it was a double click
                faults.note(refusal)
            if isinstance(refusal, PreconditionFailed):
                edition = present
    if faults:
        return await _page(visit, lines, edition, faults)
    if form.has("another"):
        return visit.see_other(f"/organise/events/{event.id}/categories", notice="prices-saved")
    following = "" if event.seats else "/hall"
    return visit.see_other(f"/organise/events/{event.id}{following}", notice="prices-saved")


def _lines_in(form: Form) -> list[Line]:
    columns = [form.texts(name) for name in ("key", "name", "color", "price")]
    removed = set(form.texts("remove"))
    return [
        Line(key, name, color, price, remove=bool(key) and key in removed)
        for key, name, color, price in zip(*columns, strict=False)
    ]


def _wanted(lines: list[Line], currency: str, faults: Faults) -> list[CategoryDetails]:
    """Return the categories that were filled in. A line without a name and a price is one that was left empty."""
    taken = {line.key for line in lines if line.key}
    wanted = []
    for at, line in enumerate(lines):
        if line.remove or not (line.key or line.name or line.price):
            continue
        if not line.name:
            faults.missing(f"name-{at}")
        try:
            price = price_from(f"price-{at}", line.price, currency)
        except InvalidValue as error:
            faults.note(error)
            continue
        key = line.key or key_from(line.name, taken, otherwise="category")
        taken.add(key)
        wanted.append(CategoryDetails(key, line.name, line.color, price))
    return wanted


def _at_line(error: InvalidValue, lines: list[Line], wanted: list[CategoryDetails]) -> InvalidValue:
    """Name the form's field instead of the place in the list."""
    place, _, field = str(error.data["field"]).removeprefix("[").partition("].")
    if not place.isdecimal() or int(place) >= len(wanted):
        return InvalidValue("", str(error.data["problem"]))
    one = wanted[int(place)]
    at = next((at for at, line in enumerate(lines) if one.key == line.key or one.name == line.name), 0)
    return InvalidValue(f"{field}-{at}", str(error.data["problem"]))


async def _stored(visit: Visit) -> tuple[list[CategoryDetails], str]:
    event_id = visit.path_id("event_id")
    found = await visit.capability(Views).halls.categories(event_id)
    if found is None:
        raise EventNotFound(event_id)
    return [one.details for one in found[0]], categories_edition(found[0])


async def _page(visit: Visit, lines: list[Line], edition: str, faults: Faults | None = None) -> Answer:
    event = await event_for(visit, Verb.PUT_CATEGORIES)
    used = {line.color.lower() for line in lines}
    fresh = next((color for color in _COLORS if color not in used), _COLORS[0])
    room = lines and not (lines[-1].key or lines[-1].name or lines[-1].price)
    if not room and len(lines) < CATEGORIES_MAX:
        lines = [*lines, Line("", "", fresh, "")]
    return visit.render(
        "organiser/categories.html",
        status=400 if faults else 200,
        lines=lines,
        edition=edition,
        faults=faults or {},
        **await room_of(visit, event, "categories"),
    )


PAGES = (Page(path="/organise/events/{event_id}/categories", name="categories", get=show, post=save),)
