"""The audit and the caller's identity over HTTP: bodies, handlers, operations."""

from typing import Any
from uuid import UUID

from msgspec import Struct

from holdfast.api.fields import Time, time_in_query
from holdfast.api.identity.admission import principal_of
from holdfast.api.paging import BASE, LIMIT
from holdfast.application.identity.auditing.read import read_audit
from holdfast.application.identity.identity import Identity
from holdfast.domain.identity.audit import StoredEntry
from holdfast.domain.identity.refusals import Forbidden, OrganiserNotFound
from holdfast.domain.identity.roles import Role
from holdfast.http.endpoints.answer import Answer, json_answer
from holdfast.http.endpoints.call import Call
from holdfast.http.endpoints.operation import Operation, QueryParameter, Success


class AuditEntryBody(Struct, kw_only=True):
    """Who did what to which thing, when, and with which request. `organiser_id` is null if there is none."""

    id: UUID
    at: Time
    subject: str
    proof: str
    verb: str
    kind: str
    thing_id: str
    organiser_id: UUID | None
    request_id: str
    details: dict[str, Any]


class RoleInOrganiser(Struct, kw_only=True):
    """An organiser, and the caller's role in it."""

    id: UUID
    role: str


class MeBody(Struct, kw_only=True):
    """Who the caller is. `user_id` is null for a key that is not a buyer."""

    subject: str
    user_id: str | None
    roles: list[str]
    organisers: list[RoleInOrganiser]


async def find_all(identity: Identity, call: Call) -> Answer:
    """GET /audit."""
    limit, _ = call.page()
    found = await read_audit(
        identity,
        principal_of(call),
        organiser_id=call.query_id("organiser_id"),
        after=call.query_id("after"),
        limit=limit,
        after_at=time_in_query(call.query(), "after_at"),
    )
    return json_answer(200, [_body(entry) for entry in found])


async def me(_: Identity, call: Call) -> Answer:
    """GET /me."""
    principal = principal_of(call)
    held = {principal.role_in(None), *principal.roles.values()} - {Role.NOBODY}
    if principal.user_id is not None:
        held.add(Role.BUYER)
    body = MeBody(
        subject=principal.subject or "",
        user_id=principal.user_id,
        roles=[role.value for role in Role if role in held],
        organisers=[
            RoleInOrganiser(id=organiser_id, role=role.value) for organiser_id, role in sorted(principal.roles.items())
        ],
    )
    return json_answer(200, body)


def _body(entry: StoredEntry) -> AuditEntryBody:
    return AuditEntryBody(
        id=entry.id,
        at=entry.at,
        subject=entry.subject,
        proof=entry.proof,
        verb=entry.verb,
        kind=entry.kind,
        thing_id=entry.thing_id,
        organiser_id=entry.organiser_id,
        request_id=entry.request_id,
        details=dict(entry.details),
    )


_ENTRY_ID = "0197c7f0-0000-7000-8000-000000000003"
_ORGANISER_ID = "0197c7f0-0000-7000-8000-000000000001"
_ENTRY = {
    "id": _ENTRY_ID,
    "at": "2031-02-03T04:05:06.789012+00:00",
    "subject": "shop:ann",
    "proof": "token",
    "verb": "put_member",
    "kind": "member",
    "thing_id": "shop:bob",
    "organiser_id": _ORGANISER_ID,
    "request_id": "6f1c0e0a",
    "details": {"role": "box_office", "role_before": None},
}
_ME = {
    "subject": "shop:ann",
    "user_id": "shop:ann",
    "roles": ["buyer", "organiser"],
    "organisers": [{"id": _ORGANISER_ID, "role": "organiser"}],
}

OPERATIONS: tuple[Operation[Any], ...] = (
    Operation(
        method="GET",
        path=f"{BASE}/me",
        name="get_me",
        tag="identity",
        summary="Get the caller's identity and roles",
        needs=Identity,
        handler=me,
        needs_user=True,
        success=Success(status=200, description="The caller.", body=MeBody, example=_ME),
    ),
    Operation(
        method="GET",
        path=f"{BASE}/audit",
        name="read_audit",
        lists_all=True,
        tag="identity",
        summary="List administrative actions, newest first: those of the caller's organisers, or all for an admin",
        needs=Identity,
        handler=find_all,
        query=(
            LIMIT,
            QueryParameter(
                "after",
                "The id of the last entry of the page before; the list continues after it.",
                _ENTRY_ID,
                is_id=True,
            ),
            QueryParameter(
                "after_at",
                "The time `at` of that entry. The list then goes on even while the database that has it is away.",
                "2031-02-03T04:05:06.789012Z",
                is_time=True,
            ),
            QueryParameter("organiser_id", "List only entries of this organiser.", _ORGANISER_ID, is_id=True),
        ),
        success=Success(status=200, description="The entries.", body=list[AuditEntryBody], example=[_ENTRY]),
        refusals=(Forbidden, OrganiserNotFound),
    ),
)
