"""API keys over HTTP: bodies, handlers, operations."""

from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import Meta, Struct

from holdfast.api.fields import Time, in_utc
from holdfast.api.identity.admission import actor_of, principal_of
from holdfast.api.paging import BASE, PAGE
from holdfast.application.identity import api_keys
from holdfast.application.identity.api_keys import KeyWish
from holdfast.application.identity.identity import Identity
from holdfast.domain.identity.organisers import NAME_MAX, StoredKey
from holdfast.domain.identity.refusals import ApiKeyNotFound, Forbidden, OrganiserNotFound, TooManyApiKeys
from holdfast.domain.identity.roles import Role
from holdfast.http.endpoints.answer import Answer, json_answer
from holdfast.http.endpoints.call import Call
from holdfast.http.endpoints.operation import Link, Operation, Success
from holdfast.http.endpoints.strict_json import StrictDecoder

SMALL_BODY_BYTES = 16 * 1024


class ApiKeyInput(Struct, kw_only=True):
    """A new key. `organiser_id` is needed for all roles except `admin`, which is valid for all organisers."""

    name: Annotated[str, Meta(min_length=1, max_length=NAME_MAX)]
    role: Literal["buyer", "box_office", "organiser", "admin"]
    organiser_id: UUID | None = None
    expires_at: Time | None = None


class ApiKeyBody(Struct, kw_only=True):
    """A key without its secret. `last_used_at` is accurate to about a minute."""

    id: UUID
    name: str
    role: str
    organiser_id: UUID | None
    created_at: Time
    expires_at: Time | None
    revoked_at: Time | None
    last_used_at: Time | None


class NewApiKeyBody(Struct, kw_only=True):
    """A new key with its secret, which is shown only once."""

    id: UUID
    name: str
    role: str
    organiser_id: UUID | None
    created_at: Time
    expires_at: Time | None
    key: str


_decoder = StrictDecoder(ApiKeyInput)


async def create(identity: Identity, call: Call) -> Answer:
    """POST /api-keys."""
    given = await _decoder.read(await call.body(SMALL_BODY_BYTES))
    wish = KeyWish(
        name=given.name,
        role=Role(given.role),
        organiser_id=given.organiser_id,
        expires_at=None if given.expires_at is None else in_utc("expires_at", given.expires_at),
    )
    stored, key = await api_keys.create_api_key(identity, actor_of(call), wish)
    body = NewApiKeyBody(
        id=stored.id,
        name=stored.name,
        role=stored.role.value,
        organiser_id=stored.organiser_id,
        created_at=stored.created_at,
        expires_at=stored.expires_at,
        key=key.text,
    )
    return json_answer(201, body)


async def find_all(identity: Identity, call: Call) -> Answer:
    """GET /api-keys."""
    limit, offset = call.page()
    found = await api_keys.list_api_keys(identity, principal_of(call), limit=limit, offset=offset)
    return json_answer(200, [_body(key) for key in found])


async def revoke(identity: Identity, call: Call) -> Answer:
    """DELETE /api-keys/{id}."""
    await api_keys.revoke_api_key(identity, actor_of(call), call.path_id("id"))
    return Answer(204, content_type=None)


def _body(key: StoredKey) -> ApiKeyBody:
    return ApiKeyBody(
        id=key.id,
        name=key.name,
        role=key.role.value,
        organiser_id=key.organiser_id,
        created_at=key.created_at,
        expires_at=key.expires_at,
        revoked_at=key.revoked_at,
        last_used_at=key.last_used_at,
    )


_KEY = {
    "id": "0197c7f0-0000-7000-8000-000000000002",
    "name": "till 1",
    "role": "box_office",
    "organiser_id": "0197c7f0-0000-7000-8000-000000000001",
    "created_at": "2031-02-03T04:05:06.789012+00:00",
    "expires_at": None,
}
_LISTED = {**_KEY, "revoked_at": None, "last_used_at": "2031-02-03T05:06:07.890123+00:00"}
_NEW = {**_KEY, "key": "hf_…"}

OPERATIONS: tuple[Operation[Any], ...] = (
    Operation(
        method="POST",
        path=f"{BASE}/api-keys",
        name="create_api_key",
        tag="identity",
        summary="Create an API key; it is shown only once",
        description="Nobody can create a key with more rights than they have.",
        needs=Identity,
        handler=create,
        request=(ApiKeyInput,),
        request_examples={
            "a till": {"name": "till 1", "role": "box_office", "organiser_id": "0197c7f0-0000-7000-8000-000000000001"}
        },
        success=Success(
            status=201,
            description="The key.",
            body=NewApiKeyBody,
            example=_NEW,
            links=(Link("revoke_api_key", "id"),),
        ),
        refusals=(Forbidden, OrganiserNotFound, TooManyApiKeys),
    ),
    Operation(
        method="GET",
        path=f"{BASE}/api-keys",
        name="list_api_keys",
        tag="identity",
        summary="List the API keys of the caller's organisers, newest first; an admin sees all",
        needs=Identity,
        handler=find_all,
        query=PAGE,
        success=Success(status=200, description="The keys.", body=list[ApiKeyBody], example=[_LISTED]),
        refusals=(Forbidden,),
    ),
    Operation(
        method="DELETE",
        path=f"{BASE}/api-keys/{{id}}",
        name="revoke_api_key",
        tag="identity",
        summary="Revoke an API key",
        description="Every node refuses it within five seconds. A revoked key stays in the list.",
        needs=Identity,
        handler=revoke,
        success=Success(status=204, description="The key is revoked.", media_type=None),
        refusals=(Forbidden, ApiKeyNotFound),
    ),
)
