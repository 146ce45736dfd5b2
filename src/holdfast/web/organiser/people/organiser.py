"""Which organiser a page about people is about; and new organisers, which admins make."""

from typing import Any

from holdfast.application.identity.identity import Identity
from holdfast.application.identity.organisers import create_organiser, require_in_organiser
from holdfast.application.identity.policy import reach_of, require_unseen
from holdfast.application.identity.verbs import Verb
from holdfast.domain.identity.organisers import Organiser
from holdfast.domain.identity.refusals import Forbidden
from holdfast.domain.refusal import InvalidValue
from holdfast.http.endpoints.answer import Answer
from holdfast.web.kit.page import Page
from holdfast.web.kit.submissions import submission_of
from holdfast.web.kit.visit import Visit
from holdfast.web.organiser.events import chosen_organiser, organisers_of
from holdfast.web.organiser.faults import Faults
from holdfast.web.organiser.room import require_signed_in


async def organiser_for(visit: Visit, verb: Verb, wanted: str | None = None) -> tuple[Organiser | None, dict[str, Any]]:
    """Return the organiser that a page is about, and what its frame needs; None if one has to be chosen.

    Args:
        visit: Whose.
        verb: What the page is for. Only organisers where the visitor may do it are there to choose from.
        wanted: The organiser that a form names, if the page is about a form that was sent.

    Raises:
        Unauthenticated, Forbidden, OrganiserNotFound: The visitor may not do it.
    """
    require_signed_in(visit)
    require_unseen(visit.principal, verb)
    reach = reach_of(visit.principal, verb)
    found = [one for one in await organisers_of(visit) if reach.everything or one.id in reach.organiser_ids]
    if wanted is None:
        chosen = chosen_organiser(visit, found)
    else:
        chosen = next((one for one in found if str(one.id) == wanted), None)
        if chosen is None:
            raise Forbidden
    if chosen is not None:
        require_in_organiser(visit.principal, verb, chosen.id)
    frame = {
        "organisers": found,
        "organiser": chosen,
        "open_mode": visit.site.visitors.mode == "open",
    }
    return chosen, frame


async def show(visit: Visit) -> Answer:
    """GET /organise/organisers: all of them, for admins."""
    require_signed_in(visit)
    return await _page(visit, "")


async def found(visit: Visit) -> Answer:
    """POST /organise/organisers: make one."""
    require_signed_in(visit)
    form = await visit.form()
    name, faults = form.text("name"), Faults(visit)
    if not name:
        faults.missing("name")
        return await _page(visit, name, faults)
    try:
        made = await create_organiser(
            visit.capability(Identity), visit.actor, name=name, submission=await submission_of(visit)
        )
    except InvalidValue as error:
        faults.note(error)
        return await _page(visit, name, faults)
    return visit.see_other(f"/organise/members?organiser={made.id}", notice="organiser-made")


async def _page(visit: Visit, name: str, faults: Faults | None = None) -> Answer:
    require_unseen(visit.principal, Verb.CREATE_ORGANISER)
    return visit.render(
        "organiser/organisers.html",
        status=400 if faults else 200,
        organisers=await organisers_of(visit),
        name=name,
        faults=faults or {},
    )


PAGES = (Page(path="/organise/organisers", name="organisers", get=show, post=found),)
