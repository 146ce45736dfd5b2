"""Organisers and their members over HTTP: bodies, handlers, operations."""

from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import Meta, Struct

from holdfast.api.fields import Time
from holdfast.api.identity.admission import actor_of, principal_of
from holdfast.api.paging import BASE, PAGE
from holdfast.application.identity import members, organisers
from holdfast.application.identity.identity import Identity
from holdfast.application.identity.verbs import Verb
from holdfast.domain.identity.organisers import NAME_MAX, Member, Organiser
from holdfast.domain.identity.refusals import Forbidden, MemberNotFound, OrganiserNotFound, TooManyMembers
from holdfast.domain.identity.roles import Role
from holdfast.http.endpoints.answer import Answer, json_answer
from holdfast.http.endpoints.call import Call
from holdfast.http.endpoints.operation import Operation, Success
from holdfast.http.endpoints.strict_json import StrictDecoder

SMALL_BODY_BYTES = 16 * 1024


class OrganiserInput(Struct, kw_only=True):
    """A new organiser."""

    name: Annotated[str, Meta(min_length=1, max_length=NAME_MAX)]


class OrganiserBody(Struct, kw_only=True):
    """An organiser."""

    id: UUID
    name: str
    created_at: Time


class MemberInput(Struct, kw_only=True):
    """The member's role."""

    role: Literal["box_office", "organiser"]


class MemberBody(Struct, kw_only=True):
    """A member, and since when they have their role."""

    organiser_id: UUID
    user_id: str
    role: str
    since: Time


_organiser_decoder = StrictDecoder(OrganiserInput)
_member_decoder = StrictDecoder(MemberInput)


async def create(identity: Identity, call: Call) -> Answer:
    """POST /organisers."""
    given = await _organiser_decoder.read(await call.body(SMALL_BODY_BYTES))
    made = await organisers.create_organiser(identity, actor_of(call), name=given.name)
    return json_answer(201, _organiser_body(made))


async def find_all(identity: Identity, call: Call) -> Answer:
    """GET /organisers."""
    limit, offset = call.page()
    found = await organisers.list_organisers(identity, principal_of(call), limit=limit, offset=offset)
    return json_answer(200, [_organiser_body(one) for one in found])


async def find(identity: Identity, call: Call) -> Answer:
    """GET /organisers/{id}."""
    return json_answer(
        200, _organiser_body(await organisers.get_organiser(identity, principal_of(call), call.path_id("id")))
    )


async def put_member(identity: Identity, call: Call) -> Answer:
    """PUT /organisers/{id}/members/{user_id}."""
    organiser_id = call.path_id("id")
    organisers.require_in_organiser(principal_of(call), Verb.PUT_MEMBER, organiser_id)
    given = await _member_decoder.read(await call.body(SMALL_BODY_BYTES))
    member = await members.put_member(
        identity,
        actor_of(call),
        organiser_id=organiser_id,
        user_id=call.path_text("user_id"),
        role=Role(given.role),
    )
    return json_answer(200, _member_body(member))


async def delete_member(identity: Identity, call: Call) -> Answer:
    """DELETE /organisers/{id}/members/{user_id}."""
    await members.delete_member(
        identity, actor_of(call), organiser_id=call.path_id("id"), user_id=call.path_text("user_id")
    )
    return Answer(204, content_type=None)


async def find_members(identity: Identity, call: Call) -> Answer:
    """GET /organisers/{id}/members."""
    organiser_id = call.path_id("id")
    limit, offset = call.page()
    found = await members.list_members(identity, principal_of(call), organiser_id, limit=limit, offset=offset)
    return json_answer(200, [_member_body(member) for member in found])


def _organiser_body(organiser: Organiser) -> OrganiserBody:
    return OrganiserBody(id=organiser.id, name=organiser.name, created_at=organiser.created_at)


def _member_body(member: Member) -> MemberBody:
    return MemberBody(
        organiser_id=member.organiser_id, user_id=member.user_id, role=member.role.value, since=member.since
    )


_ID = "0197c7f0-0000-7000-8000-000000000001"
_ORGANISER = {"id": _ID, "name": "Grand Hall", "created_at": "2031-02-03T04:05:06.789012+00:00"}
_MEMBER = {
    "organiser_id": _ID,
    "user_id": "shop:ann",
    "role": "box_office",
    "since": "2031-02-03T04:05:06.789012+00:00",
}

OPERATIONS: tuple[Operation[Any], ...] = (
    Operation(
        method="POST",
        path=f"{BASE}/organisers",
        name="create_organiser",
        tag="identity",
        summary="Create an organiser",
        needs=Identity,
        handler=create,
        request=(OrganiserInput,),
        request_examples={"a hall": {"name": "Grand Hall"}},
        success=Success(status=201, description="The organiser.", body=OrganiserBody, example=_ORGANISER),
        refusals=(Forbidden,),
    ),
    Operation(
        method="GET",
        path=f"{BASE}/organisers",
        name="list_organisers",
        tag="identity",
        summary="List the organisers that the caller works for, newest first; an admin sees all",
        needs=Identity,
        handler=find_all,
        query=PAGE,
        success=Success(status=200, description="The organisers.", body=list[OrganiserBody], example=[_ORGANISER]),
        refusals=(Forbidden,),
    ),
    Operation(
        method="GET",
        path=f"{BASE}/organisers/{{id}}",
        name="get_organiser",
        tag="identity",
        summary="Get an organiser; only its members may",
        needs=Identity,
        handler=find,
        success=Success(status=200, description="The organiser.", body=OrganiserBody, example=_ORGANISER),
        refusals=(OrganiserNotFound,),
    ),
    Operation(
        method="PUT",
        path=f"{BASE}/organisers/{{id}}/members/{{user_id}}",
        name="put_member",
        tag="identity",
        summary="Make a user a member of an organiser, or change their role",
        description="It takes effect on every node within five seconds.",
        needs=Identity,
        handler=put_member,
        texts_in_path=("user_id",),
        request=(MemberInput,),
        request_examples={"box office": {"role": "box_office"}},
        success=Success(status=200, description="The member.", body=MemberBody, example=_MEMBER),
        refusals=(Forbidden, OrganiserNotFound, TooManyMembers),
    ),
    Operation(
        method="DELETE",
        path=f"{BASE}/organisers/{{id}}/members/{{user_id}}",
        name="delete_member",
        tag="identity",
        summary="Remove a member from an organiser",
        description="It takes effect on every node within five seconds.",
        needs=Identity,
        handler=delete_member,
        texts_in_path=("user_id",),
        success=Success(status=204, description="The user is no longer a member.", media_type=None),
        refusals=(Forbidden, OrganiserNotFound, MemberNotFound),
    ),
    Operation(
        method="GET",
        path=f"{BASE}/organisers/{{id}}/members",
        name="list_members",
        tag="identity",
        summary="List an organiser's members by user id",
        needs=Identity,
        handler=find_members,
        query=PAGE,
        success=Success(status=200, description="The members.", body=list[MemberBody], example=[_MEMBER]),
        refusals=(Forbidden, OrganiserNotFound),
    ),
)
