"""Makes links that sign an operator in to the pages once."""

from datetime import datetime

from holdfast.application.identity.administration import Performed
from holdfast.application.identity.identity import Identity
from holdfast.application.identity.policy import require_unseen
from holdfast.application.identity.ports import IdentityTransaction
from holdfast.application.identity.rules import Kind
from holdfast.application.identity.verbs import Verb
from holdfast.domain.identity.audit import Act, Actor
from holdfast.domain.identity.sessions import SessionSecret, digest_of_secret, new_secret


async def make_sign_in_link(identity: Identity, actor: Actor, *, user_id: str) -> SessionSecret:
    """Make a link that signs somebody in as an admin, and return its secret. It works once, for some minutes.

    Raises:
        Unauthenticated, Forbidden: The policy refuses it.
        Unavailable: See its `outcome`.
    """
    require_unseen(actor.principal, Verb.MAKE_SIGN_IN_LINK)
    secret = new_secret()

    async def write(transaction: IdentityTransaction, _now: datetime) -> Performed[SessionSecret]:
        await transaction.insert_link(digest_of_secret(secret), user_id=user_id, admin=True)
        act = Act(verb=Verb.MAKE_SIGN_IN_LINK, kind=Kind.ACCOUNT, thing_id=user_id, organiser_id=None)
        return Performed(secret, act)

    return await identity.administration.perform(actor, write)
