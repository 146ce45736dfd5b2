"""Checks an actor's rights again, under the lock of administrative actions.

A node admits requests by rights that ended up to five seconds ago (see `rights`). If that went for administrative
actions too, somebody who is thrown out could use these seconds to create a key for themselves, or to put themselves
back, and nobody would notice.
"""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from holdfast.application.identity.ports import IdentityTransaction
from holdfast.domain.identity.audit import Act
from holdfast.domain.identity.principal import KEY_PREFIX, Principal, Proof
from holdfast.domain.identity.refusals import Forbidden, Unauthenticated
from holdfast.domain.identity.roles import Role


async def current_roles(principal: Principal, transaction: IdentityTransaction, now: datetime) -> Mapping[UUID, Role]:
    """Return the roles that an actor has now. Call it before the action, which may change them.

    The roles of a gateway's caller are those in its request, and a key's never change.

    Raises:
        Unauthenticated: The actor's API key has been revoked, or has expired; or all their sessions have ended.
    """
    if principal.proof is Proof.KEY and principal.subject is not None:
        key = await transaction.api_key(UUID(principal.subject.removeprefix(KEY_PREFIX)))
        if key is None or not key.is_live(now):
            raise Unauthenticated(invalid_token=True)
    # Another password ends all sessions of an account. Other nodes take them for valid for up to two seconds more.
    if principal.proof is Proof.SESSION and not await transaction.has_session(principal.user_id or ""):
        raise Unauthenticated
    if principal.roles and principal.user_id is not None and principal.proof in (Proof.TOKEN, Proof.SESSION):
        return await transaction.roles_of(principal.user_id)
    return principal.roles


def require_role_still(principal: Principal, act: Act, current: Mapping[UUID, Role]) -> None:
    """Refuse an actor who has no longer the role in an organiser with which the request was admitted.

    Raises:
        Forbidden: They are no longer a member, or have a lower role.
    """
    if principal.admin or act.organiser_id is None:
        return
    admitted_as = principal.roles.get(act.organiser_id, Role.NOBODY)
    if not current.get(act.organiser_id, Role.NOBODY).at_least(admitted_as):
        raise Forbidden
