"""Administration by somebody who has the database's password, whether Holdfast is running or not."""

import re
import sys
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import UUID

import typer

from holdfast.application.identity import accounts, api_keys, organisers
from holdfast.application.identity.api_keys import KeyWish
from holdfast.application.identity.identity import Identity
from holdfast.application.identity.signing_in.links import make_sign_in_link
from holdfast.bootstrap.identity import open_identity
from holdfast.cli.acting import as_operator, operator
from holdfast.cli.addresses import page
from holdfast.cli.console import print_rows, shown_time
from holdfast.domain.identity.audit import Actor
from holdfast.domain.identity.organisers import Organiser, StoredKey
from holdfast.domain.identity.roles import Role
from holdfast.domain.identity.sessions import LINK_MINUTES, OPERATOR_PREFIX, SIGN_IN_LINK_PATH
from holdfast.infrastructure.embedded import EmbeddedError
from holdfast.settings import Settings

Result = TypeVar("Result")

_PAGE = 100
_DURATION = re.compile(r"([0-9]{1,5})([hdw])")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def create_key(settings: Settings, name: str, role: str, organiser_id: UUID | None, expires: str | None) -> None:
    """Create an API key, and print only the key on standard output.

    Raises:
        EmbeddedError: It failed; the message is one line.
    """
    wish = KeyWish(name=name, role=Role(role), organiser_id=organiser_id, expires_at=_time_of(expires))
    stored, key = _done(settings, lambda identity, actor: api_keys.create_api_key(identity, actor, wish))
    typer.echo(f"API key {stored.id}, shown this once:", err=True)
    typer.echo(key.text)


def list_keys(settings: Settings) -> None:
    """Print all keys, newest first.

    Raises:
        EmbeddedError: It failed; the message is one line.
    """

    async def page(identity: Identity, actor: Actor, offset: int) -> Sequence[StoredKey]:
        return await api_keys.list_api_keys(identity, actor.principal, limit=_PAGE, offset=offset)

    columns = ("id", "name", "role", "organiser", "created", "expires", "revoked", "last used")
    print_rows(
        columns,
        [
            (
                str(key.id),
                key.name,
                key.role.value,
                "" if key.organiser_id is None else str(key.organiser_id),
                *(shown_time(time) for time in (key.created_at, key.expires_at, key.revoked_at, key.last_used_at)),
            )
            for key in _all_pages(settings, page)
        ],
    )


def revoke_key(settings: Settings, key_id: UUID) -> None:
    """Revoke a key.

    Raises:
        EmbeddedError: It failed; the message is one line.
    """
    _done(settings, lambda identity, actor: api_keys.revoke_api_key(identity, actor, key_id))
    typer.echo(f"API key {key_id} is revoked.", err=True)


def create_organiser(settings: Settings, name: str) -> None:
    """Create an organiser, and print only its id on standard output.

    Raises:
        EmbeddedError: It failed; the message is one line.
    """
    made = _done(settings, lambda identity, actor: organisers.create_organiser(identity, actor, name=name))
    typer.echo(made.id)


def list_organisers(settings: Settings) -> None:
    """Print all organisers, newest first.

    Raises:
        EmbeddedError: It failed; the message is one line.
    """

    async def page(identity: Identity, actor: Actor, offset: int) -> Sequence[Organiser]:
        return await organisers.list_organisers(identity, actor.principal, limit=_PAGE, offset=offset)

    rows = [(str(one.id), one.name, shown_time(one.created_at)) for one in _all_pages(settings, page)]
    print_rows(("id", "name", "created"), rows)


def add_account(settings: Settings, name: str) -> None:
    """Create an account, prompting for its password.

    Raises:
        EmbeddedError: It failed; the message is one line.
    """
    password = _password()
    made = _done(settings, lambda identity, actor: accounts.add_account(identity, actor, name=name, password=password))
    typer.echo(f"The account signs in as {made.user_id}.", err=True)


def reset_account(settings: Settings, name: str) -> None:
    """Set another password for an account, prompting for it.

    Raises:
        EmbeddedError: It failed; the message is one line.
    """
    password = _password()
    _done(settings, lambda identity, actor: accounts.reset_password(identity, actor, name=name, password=password))
    typer.echo("The account has another password.", err=True)


def make_link(settings: Settings) -> None:
    """Make a sign-in link, and print only the link on standard output.

    Raises:
        EmbeddedError: It failed; the message is one line.
    """
    if settings.auth_mode != "tokens":
        raise EmbeddedError(
            "sign-in links are for AUTH_MODE=tokens, and nobody signs in here in other modes: if the nodes run in that "
            "mode, give this command the same settings"
        )

    async def act(identity: Identity, actor: Actor) -> str:
        return await make_sign_in_link(identity, actor, user_id=OPERATOR_PREFIX + operator())

    secret = _done(settings, act)
    typer.echo(f"It signs you in as an admin, once, within {LINK_MINUTES} minutes:", err=True)
    address = settings.public_url + SIGN_IN_LINK_PATH if settings.public_url else page(settings, SIGN_IN_LINK_PATH)
    typer.echo(f"{address}?key={secret}")


def _done(settings: Settings, work: Callable[[Identity, Actor], Awaitable[Result]]) -> Result:
    async def act(actor: Actor) -> Result:
        async with open_identity(settings, process="cli") as identity:
            return await work(identity, actor)

    return as_operator(settings, act)


def _all_pages(settings: Settings, page: Callable[[Identity, Actor, int], Awaitable[Sequence[Result]]]) -> list[Result]:
    async def read(identity: Identity, actor: Actor) -> list[Result]:
        found: list[Result] = []
        while True:
            more = await page(identity, actor, len(found))
            found += more
            if len(more) < _PAGE:
                return found

    return _done(settings, read)


def _password() -> str:
    """Prompt for a password in a terminal, otherwise read the first line; other users could see an argument."""
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    return sys.stdin.readline().rstrip("\r\n")


def _time_of(expires: str | None) -> datetime | None:
    if expires is None:
        return None
    duration = _DURATION.fullmatch(expires)
    if duration is not None:
        return datetime.now(UTC) + int(duration[1]) * _UNITS[duration[2]]
    try:
        time = datetime.fromisoformat(expires)
        in_utc = None if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):  # the latter in the first and the last hours of the calendar
        in_utc = None
    if in_utc is None:
        raise EmbeddedError("--expires: must be a time with offset, such as 2031-02-03T04:05:06Z, or 12h, 30d, 52w")
    return in_utc
