"""Who works for an organiser, and in which role."""

from contextlib import suppress

from holdfast.application.identity.identity import Identity
from holdfast.application.identity.members import delete_member, list_members, put_member
from holdfast.application.identity.verbs import Verb
from holdfast.domain.identity.organisers import MEMBERS_MAX
from holdfast.domain.identity.refusals import MemberNotFound, TooManyMembers
from holdfast.domain.identity.roles import MEMBER_ROLES, Role
from holdfast.domain.refusal import InvalidValue
from holdfast.http.endpoints.answer import Answer
from holdfast.web.kit.page import Page
from holdfast.web.kit.visit import Visit
from holdfast.web.organiser.faults import Faults
from holdfast.web.organiser.people.organiser import organiser_for


async def show(visit: Visit) -> Answer:
    """GET /organise/members."""
    return await _page(visit)


async def put(visit: Visit) -> Answer:
    """POST /organise/members: add somebody, or give them another role."""
    form = await visit.form()
    organiser, _ = await organiser_for(visit, Verb.PUT_MEMBER, form.text("organiser"))
    assert organiser is not None
    faults, user_id = Faults(visit), form.text("user_id")
    role = next((one for one in MEMBER_ROLES if one.value == form.text("role")), Role.NOBODY)
    if not user_id:
        faults.missing("user_id")
        return await _page(visit, user_id, role.value, faults, wanted=str(organiser.id))
    try:
        await put_member(visit.capability(Identity), visit.actor, organiser_id=organiser.id, user_id=user_id, role=role)
    except InvalidValue as error:
        faults.note(error)
        return await _page(visit, user_id, role.value, faults, wanted=str(organiser.id))
    except TooManyMembers:
        faults[""] = visit.words.gettext("There is no room for more members. Remove one first.")
        return await _page(visit, user_id, role.value, faults, wanted=str(organiser.id))
    return visit.see_other(f"/organise/members?organiser={organiser.id}", notice="member-saved")


async def ask_to_remove(visit: Visit) -> Answer:
    """GET /organise/members/remove?user_id=: ask first."""
    organiser, frame = await organiser_for(visit, Verb.DELETE_MEMBER)
    if organiser is None:
        return visit.see_other("/organise/members")
    return visit.render("organiser/member_remove.html", user_id=visit.query("user_id"), **frame)


async def remove(visit: Visit) -> Answer:
    """POST /organise/members/remove."""
    form = await visit.form()
    organiser, _ = await organiser_for(visit, Verb.DELETE_MEMBER, form.text("organiser"))
    assert organiser is not None
    with suppress(MemberNotFound):  # a second click, or somebody else was quicker
        await delete_member(
            visit.capability(Identity), visit.actor, organiser_id=organiser.id, user_id=form.text("user_id")
        )
    return visit.see_other(f"/organise/members?organiser={organiser.id}", notice="member-removed")


async def _page(
    visit: Visit, user_id: str = "", role: str = "organiser", faults: Faults | None = None, wanted: str | None = None
) -> Answer:
    organiser, frame = await organiser_for(visit, Verb.LIST_MEMBERS, wanted)
    if organiser is None:
        return visit.render("organiser/choose.html", then="/organise/members", **frame)
    identity = visit.capability(Identity)
    return visit.render(
        "organiser/members.html",
        status=400 if faults else 200,
        members=await list_members(identity, visit.principal, organiser.id, limit=MEMBERS_MAX, offset=0),
        me=visit.signed_in_as,
        user_id=user_id,
        role=role,
        faults=faults or {},
        **frame,
    )


PAGES = (
    Page(path="/organise/members", name="members", get=show, post=put),
    Page(path="/organise/members/remove", name="remove_member", get=ask_to_remove, post=remove),
)
