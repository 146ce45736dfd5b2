"""Importing a hall from a file, or from text that was pasted."""

from collections.abc import Sequence
from dataclasses import dataclass

from holdfast.application.catalogue.catalogue import Catalogue
from holdfast.application.catalogue.put_hall import put_hall
from holdfast.application.giving_way import in_steps
from holdfast.application.identity.verbs import Verb
from holdfast.domain.catalogue.categories import CATEGORIES_MAX, CategoryDetails
from holdfast.domain.catalogue.refusals import PreconditionFailed
from holdfast.domain.hall.formats import HallFormat, hall_from
from holdfast.domain.hall.imported import Imported
from holdfast.domain.refusal import InvalidValue
from holdfast.http.endpoints.answer import Answer
from holdfast.web.kit.forms import Form
from holdfast.web.kit.page import Page
from holdfast.web.kit.visit import Visit
from holdfast.web.organiser.amounts import price_from
from holdfast.web.organiser.faults import Faults
from holdfast.web.organiser.file_problems import place_in_words
from holdfast.web.organiser.hall.stored import REFUSED, is_stored, open_hall
from holdfast.web.organiser.room import event_for, room_of

BODY_BYTES_MAX = 18 * 1024 * 1024
"""A list of 100,000 seats takes about 8 MB."""
SHOWN_BYTES_MAX = 512 * 1024
"""A document up to this size stays in the form if something is wrong with it. A larger file has to be chosen again."""


@dataclass(frozen=True, slots=True)
class Typed:
    """The form as it was filled in."""

    format: str = "pretix"
    document: str = ""
    prices: str = ""


async def show(visit: Visit) -> Answer:
    """GET /organise/events/{event_id}/hall/import."""
    event = await event_for(visit, Verb.PUT_HALL)
    opened = await open_hall(visit, event.id)
    return await _page(visit, Typed(), edition=opened.edition)


async def store(visit: Visit) -> Answer:
    """POST /organise/events/{event_id}/hall/import."""
    event = await event_for(visit, Verb.PUT_HALL)
    catalogue = visit.capability(Catalogue)
    async with catalogue.bulk_line.place() as place:
        form = await visit.form()
        raw, typed = await document_in(form)
        faults, imported = Faults(visit), list[Imported]()
        await place.turn()
        try:
            given = format_of(typed.format)
            if not raw:
                raise InvalidValue("document", "is missing")
            prices = prices_from(typed.prices, event.details.currency)

            async def read(known: list[CategoryDetails]) -> Imported:
                imported[:] = [await in_steps(hall_from(raw, given, known=known, prices=prices))]
                return imported[0]

            edition = form.text("edition") or None
            done = await put_hall(catalogue, event.id, read, place=place, actor=visit.actor, if_edition=edition)
        except REFUSED as refusal:
            if isinstance(refusal, PreconditionFailed) and await is_stored(visit, event.id, imported[0].hall):
                return visit.see_other(f"/organise/events/{event.id}/hall", notice="hall-saved")  # a double click
            if isinstance(refusal, InvalidValue) and refusal.data["field"] not in ("format", "prices", "document"):
                where = visit.words.gettext("{place}: {problem}").format(
                    place=place_in_words(str(refusal.data["field"]), visit.words.gettext),
                    problem=faults.in_words(str(refusal.data["problem"])),
                )
                faults["document"] = where
            else:
                faults.note(refusal)
            opened = await open_hall(visit, event.id)
            stays = opened.edition if refusal.code == "precondition_failed" else form.text("edition")
            return await _page(visit, typed, edition=stays, faults=faults, raw=raw)
    notice = "hall-saved" if done.added or done.removed else "hall-unchanged"
    return visit.see_other(f"/organise/events/{event.id}/hall", notice=notice)


async def document_in(form: Form) -> tuple[bytes, Typed]:
    """Return the document that was chosen as a file or pasted, and the form as it was filled in."""
    raw = await form.file("file")
    if raw is None:
        raw = form.raw("document").encode()
    text = ""
    if len(raw) <= SHOWN_BYTES_MAX:
        text = raw.decode("utf-8", "replace").removeprefix("\ufeff").replace("\0", "")
    return raw, Typed(form.text("format"), text, form.raw("prices").strip())


def format_of(text: str) -> HallFormat:
    """Return the format that was chosen.

    Raises:
        InvalidValue: It is none.
    """
    try:
        return HallFormat(text)
    except ValueError:
        raise InvalidValue("format", "must be holdfast, pretix or csv") from None


def prices_from(text: str, currency: str) -> dict[str, int]:
    """Read prices by category, one a line: `Standard = 8,000`.

    Raises:
        InvalidValue: naming `prices`, and the line.
    """
    found: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        name, sign, price = line.replace("＝", "=").rpartition("=")  # noqa: RUF001 - as Japanese keyboards write it
        if not sign or not name.strip():
            raise InvalidValue("prices", f"line {number} must be a category and its price, such as Standard = 8000")
        try:
            found[name.strip()] = price_from("prices", price, currency)
        except InvalidValue as error:
            raise InvalidValue("prices", f"line {number} {error.data['problem']}") from None
    if len(found) > CATEGORIES_MAX:
        raise InvalidValue("prices", f"must have at most {CATEGORIES_MAX} lines")
    return found


async def _page(visit: Visit, typed: Typed, *, edition: str, faults: Faults | None = None, raw: bytes = b"") -> Answer:
    event = await event_for(visit, Verb.PUT_HALL)
    formats: Sequence[HallFormat] = tuple(HallFormat)
    return visit.render(
        "organiser/hall_import.html",
        status=400 if faults else 200,
        typed=typed,
        edition=edition,
        formats=formats,
        faults=faults or {},
        too_large_to_show=len(raw) > SHOWN_BYTES_MAX,
        **await room_of(visit, event, "hall"),
    )


PAGES = (
    Page(
        path="/organise/events/{event_id}/hall/import",
        name="import_hall",
        get=show,
        post=store,
        body_bytes_max=BODY_BYTES_MAX,
    ),
)
