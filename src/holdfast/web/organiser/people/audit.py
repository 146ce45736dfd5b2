"""Who did what."""

import json
from collections.abc import Mapping
from datetime import MAXYEAR, datetime

from holdfast.application.identity.auditing.read import read_audit
from holdfast.application.identity.identity import Identity
from holdfast.application.identity.verbs import Verb
from holdfast.domain.identity.audit import StoredEntry
from holdfast.domain.refusal import InvalidValue
from holdfast.http.endpoints.answer import Answer
from holdfast.web.kit.languages import mark
from holdfast.web.kit.page import Page
from holdfast.web.kit.visit import Visit
from holdfast.web.organiser.people.organiser import organiser_for

PAGE_ENTRIES = 50
ACTS: Mapping[str, str] = {
    "create_event": mark("created an event"),
    "edit_event": mark("edited an event"),
    "delete_event": mark("deleted an event"),
    "put_hall": mark("changed the hall of an event"),
    "add_section": mark("added a section to the hall of an event"),
    "put_categories": mark("changed the prices of an event"),
    "put_channel": mark("changed a channel of an event"),
    "delete_channel": mark("deleted a channel of an event"),
    "keep_back_seats": mark("kept seats back"),
    "give_back_seats": mark("gave seats back to all"),
    "release": mark("released held seats"),
    "add_seat": mark("added a seat to an event"),
    "add_seats": mark("added seats to an event"),
    "create_organiser": mark("created an organiser"),
    "put_member": mark("changed a member"),
    "delete_member": mark("removed a member"),
    "create_api_key": mark("created an API key"),
    "revoke_api_key": mark("revoked an API key"),
    "add_account": mark("added an account"),
    "reset_password": mark("reset a password"),
}
"""Acts in words, by the policy's names."""


async def show(visit: Visit) -> Answer:
    """GET /organise/audit."""
    organiser, frame = await organiser_for(visit, Verb.READ_AUDIT)
    if organiser is None:
        return visit.render("organiser/choose.html", then="/organise/audit", **frame)
    after = visit.call.query_id("after")
    entries = await read_audit(
        visit.capability(Identity),
        visit.principal,
        organiser_id=organiser.id,
        after=after,
        after_at=_time(visit.query("after_at")),
        limit=PAGE_ENTRIES + 1,
    )
    shown = entries[:PAGE_ENTRIES]
    return visit.render(
        "organiser/audit.html",
        entries=[(one, visit.words.gettext(ACTS.get(one.verb, one.verb)), _details(one)) for one in shown],
        following=shown[-1] if len(entries) > PAGE_ENTRIES else None,
        later=after is not None,
        **frame,
    )


def _time(text: str) -> datetime | None:
    """Read the time of the last entry of the page before, as the link to this page has it."""
    if not text:
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None or time.year == MAXYEAR:
        raise InvalidValue("after_at", "must be taken from a link on the page before")
    return time


def _details(entry: StoredEntry) -> list[tuple[str, str]]:
    return [
        (name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
        for name, value in entry.details.items()
        if value is not None
    ]


PAGES = (Page(path="/organise/audit", name="audit", get=show, lists_all=True, no_store=True),)
