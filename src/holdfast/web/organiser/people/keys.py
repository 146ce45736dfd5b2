"""API keys of an organiser."""

from datetime import UTC, datetime
from typing import Any

from holdfast.application.identity.api_keys import KeyWish, create_api_key, list_api_keys, revoke_api_key
from holdfast.application.identity.identity import Identity
from holdfast.application.identity.verbs import Verb
from holdfast.domain.identity.organisers import LIVE_KEYS_MAX, StoredKey
from holdfast.domain.identity.refusals import ApiKeyNotFound, TooManyApiKeys
from holdfast.domain.identity.roles import Role
from holdfast.domain.refusal import InvalidValue
from holdfast.http.endpoints.answer import Answer
from holdfast.web.kit.page import Page
from holdfast.web.kit.submissions import submission_of
from holdfast.web.kit.visit import Visit
from holdfast.web.organiser.faults import Faults
from holdfast.web.organiser.people.organiser import organiser_for
from holdfast.web.organiser.times import time_from

ENDED_SHOWN = 500
_READ_AT_ONCE = 500
_READ_MAX = 20_000
"""Keys that are looked through, of all organisers that the visitor works for."""
_ROLES = (Role.BOX_OFFICE, Role.ORGANISER)


async def show(visit: Visit) -> Answer:
    """GET /organise/keys."""
    return await _page(visit)


async def create(visit: Visit) -> Answer:
    """POST /organise/keys. The key is shown in the answer, and never again."""
    form = await visit.form()
    organiser, _ = await organiser_for(visit, Verb.CREATE_API_KEY, form.text("organiser"))
    assert organiser is not None
    faults = Faults(visit)
    typed = {"name": form.text("name"), "role": form.text("role"), "expires": form.text("expires")}
    if not typed["name"]:
        faults.missing("name")
        return await _page(visit, typed, faults, wanted=str(organiser.id))
    try:
        wish = KeyWish(
            name=typed["name"],
            role=next((one for one in _ROLES if one.value == typed["role"]), Role.BOX_OFFICE),
            organiser_id=organiser.id,
            expires_at=time_from("expires", typed["expires"] and f"{typed['expires']}T00:00", "UTC"),
        )
        stored, key = await create_api_key(
            visit.capability(Identity), visit.actor, wish, submission=await submission_of(visit)
        )
    except InvalidValue as error:
        faults.note(error, {"expires_at": "expires"})
        return await _page(visit, typed, faults, wanted=str(organiser.id))
    except TooManyApiKeys:
        text = visit.words.gettext("There are {count} keys in use already. Revoke one first.")
        faults[""] = text.format(count=LIVE_KEYS_MAX)
        return await _page(visit, typed, faults, wanted=str(organiser.id))
    return await _page(visit, made=(stored, key.text), wanted=str(organiser.id))


async def ask_to_revoke(visit: Visit) -> Answer:
    """GET /organise/keys/{key_id}/revoke: ask first."""
    key, frame = await _key(visit)
    return visit.render("organiser/key_revoke.html", key=key, **frame)


async def revoke(visit: Visit) -> Answer:
    """POST /organise/keys/{key_id}/revoke."""
    key, _ = await _key(visit)
    await revoke_api_key(visit.capability(Identity), visit.actor, key.id)
    return visit.see_other(f"/organise/keys?organiser={key.organiser_id}", notice="key-revoked")


async def _key(visit: Visit) -> tuple[StoredKey, dict[str, Any]]:
    _, frame = await organiser_for(visit, Verb.REVOKE_API_KEY)
    key_id = visit.path_id("key_id")
    key = next((one for one in await _all_keys(visit) if one.id == key_id), None)
    if key is None:
        raise ApiKeyNotFound(key_id)
    return key, frame


async def _all_keys(visit: Visit) -> list[StoredKey]:
    """Return the keys that the visitor may see, newest first.

    A key that still works may be older than many that have ended, or that belong to other organisers of an admin. If it
    were not in the list, nobody could revoke it here.
    """
    identity, found = visit.capability(Identity), list[StoredKey]()
    while len(found) < _READ_MAX:
        more = await list_api_keys(identity, visit.principal, limit=_READ_AT_ONCE, offset=len(found))
        found += more
        if len(more) < _READ_AT_ONCE:
            break
    return found


async def _page(
    visit: Visit,
    typed: dict[str, str] | None = None,
    faults: Faults | None = None,
    *,
    made: tuple[StoredKey, str] | None = None,
    wanted: str | None = None,
) -> Answer:
    organiser, frame = await organiser_for(visit, Verb.LIST_API_KEYS, wanted)
    if organiser is None:
        return visit.render("organiser/choose.html", then="/organise/keys", **frame)
    now = datetime.now(UTC)
    keys = [one for one in await _all_keys(visit) if one.organiser_id == organiser.id]
    return visit.render(
        "organiser/keys.html",
        status=400 if faults else 200,
        live=[one for one in keys if one.is_live(now)],
        ended=[one for one in keys if not one.is_live(now)][:ENDED_SHOWN],
        made=made,
        typed=typed or {"name": "", "role": "box_office", "expires": ""},
        faults=faults or {},
        **frame,
    )


PAGES = (
    Page(path="/organise/keys", name="keys", get=show, post=create, no_store=True),
    Page(path="/organise/keys/{key_id}/revoke", name="revoke_key", get=ask_to_revoke, post=revoke),
)
