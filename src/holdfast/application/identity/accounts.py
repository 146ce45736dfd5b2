"""Local accounts: created on the command line and used by the pages to sign in."""

from datetime import datetime

from holdfast.application.identity.administration import Performed
from holdfast.application.identity.identity import Identity
from holdfast.application.identity.policy import require_unseen
from holdfast.application.identity.ports import IdentityTransaction
from holdfast.application.identity.rules import Kind
from holdfast.application.identity.verbs import Verb
from holdfast.domain.identity.accounts import Account, may_be_account_name, require_account_name, require_password
from holdfast.domain.identity.audit import Act, Actor
from holdfast.domain.identity.refusals import AccountExists, AccountNotFound


async def add_account(identity: Identity, actor: Actor, *, name: str, password: str) -> Account:
    """Create an account.

    Raises:
        Unauthenticated, Forbidden: The policy refuses it.
        InvalidValue: The name or the password is not allowed.
        AccountExists: There is one already.
        Unavailable: See its `outcome`.
    """
    require_unseen(actor.principal, Verb.ADD_ACCOUNT)
    require_account_name(name)
    require_password(password)
    password_hash = await identity.passwords.hash(password)

    async def write(transaction: IdentityTransaction, now: datetime) -> Performed[Account]:
        if await transaction.account(name) is not None:
            raise AccountExists(name)
        account = Account(name=name, password_hash=password_hash, created_at=now, password_set_at=now)
        await transaction.insert_account(account)
        return Performed(account, _act(Verb.ADD_ACCOUNT, account))

    return await identity.administration.perform(actor, write)


async def reset_password(identity: Identity, actor: Actor, *, name: str, password: str) -> None:
    """Set another password for an account, and end its sessions.

    Raises:
        Unauthenticated, Forbidden: The policy refuses it.
        InvalidValue: The password is not allowed.
        AccountNotFound: There is no account of this name.
        Unavailable: See its `outcome`.
    """
    require_unseen(actor.principal, Verb.RESET_PASSWORD)
    require_account_name(name)
    require_password(password)
    password_hash = await identity.passwords.hash(password)

    async def write(transaction: IdentityTransaction, now: datetime) -> Performed[None]:
        account = await transaction.account(name)
        if account is None:
            raise AccountNotFound(name)
        await transaction.set_password(name, password_hash, now)
        # Whoever knew the old password may still be signed in.
        await transaction.end_sessions(account.user_id)
        return Performed(None, _act(Verb.RESET_PASSWORD, account))

    await identity.administration.perform(actor, write)


async def sign_in(identity: Identity, *, name: str, password: str) -> Account | None:
    """Return the account if the password is right; None if it is wrong or there is no such account.

    Both take the same time. The caller must limit the number of attempts.

    Raises:
        Unavailable: Too many passwords are being hashed.
    """
    account = await identity.reads.account(name) if may_be_account_name(name) else None
    right = await identity.passwords.verify(None if account is None else account.password_hash, password)
    if account is None or not right:
        return None
    if identity.passwords.is_outdated(account.password_hash):
        await identity.bookkeeping.replace_hash(account, await identity.passwords.hash(password))
    return account


def _act(verb: Verb, account: Account) -> Act:
    return Act(verb=verb, kind=Kind.ACCOUNT, thing_id=account.user_id, organiser_id=None)
