"""`holdfast keys`, `holdfast organisers` and `holdfast accounts`; `cli.identity` implements them."""

from collections.abc import Callable
from enum import Enum
from typing import Annotated, Any
from uuid import UUID

import typer

keys_app = typer.Typer(no_args_is_help=True, help="Create, list and revoke API keys.")
organisers_app = typer.Typer(no_args_is_help=True, help="Create and list organisers.")
accounts_app = typer.Typer(no_args_is_help=True, help="Create accounts and change their passwords.")


class KeyRole(Enum):
    """The role of a key."""

    BUYER = "buyer"
    BOX_OFFICE = "box_office"
    ORGANISER = "organiser"
    ADMIN = "admin"


_Name = Annotated[str, typer.Argument(metavar="NAME")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(keys_app, name="keys")
    app.add_typer(organisers_app, name="organisers")
    app.add_typer(accounts_app, name="accounts")


@keys_app.command("create")
def create_key(
    name: _Name,
    *,
    role: Annotated[KeyRole, typer.Option(help="What the key permits.")],
    organiser: Annotated[
        UUID | None, typer.Option(help="The organiser it is valid for; a key of role admin is valid for all.")
    ] = None,
    expires: Annotated[
        str | None,
        typer.Option(help="A time with offset (RFC 3339), or a duration from now: 12h, 30d, 52w. Default: never."),
    ] = None,
) -> None:
    """Create an API key. It is printed alone on the last line, and shown only this once."""
    from holdfast.cli import identity  # noqa: PLC0415

    _run(lambda settings: identity.create_key(settings, name, role.value, organiser, expires))


@keys_app.command("list")
def list_keys() -> None:
    """List all API keys, newest first."""
    from holdfast.cli import identity  # noqa: PLC0415

    _run(identity.list_keys)


@keys_app.command("revoke")
def revoke_key(key_id: Annotated[UUID, typer.Argument(metavar="ID", help="As shown by `keys list`.")]) -> None:
    """Revoke an API key; all nodes refuse it within five seconds."""
    from holdfast.cli import identity  # noqa: PLC0415

    _run(lambda settings: identity.revoke_key(settings, key_id))


@organisers_app.command("create")
def create_organiser(name: _Name) -> None:
    """Create an organiser. Its id is printed alone on the last line."""
    from holdfast.cli import identity  # noqa: PLC0415

    _run(lambda settings: identity.create_organiser(settings, name))


@organisers_app.command("list")
def list_organisers() -> None:
    """List all organisers, newest first."""
    from holdfast.cli import identity  # noqa: PLC0415

    _run(identity.list_organisers)


@accounts_app.command("add")
def add_account(name: _Name) -> None:
    """Create an account; its password is prompted for, or read from standard input."""
    from holdfast.cli import identity  # noqa: PLC0415

    _run(lambda settings: identity.add_account(settings, name))


@accounts_app.command("reset")
def reset_account(name: _Name) -> None:
    """Set another password for an account; it is prompted for, or read from standard input."""
    from holdfast.cli import identity  # noqa: PLC0415

    _run(lambda settings: identity.reset_account(settings, name))


@accounts_app.command("link")
def make_link() -> None:
    """Make a link that signs you in to the pages as an admin: once, within 15 minutes. It is alone on the last line."""
    from holdfast.cli import identity  # noqa: PLC0415

    _run(identity.make_link)


def _run(command: Callable[[Any], None]) -> None:
    from holdfast.cli.database import with_database  # noqa: PLC0415
    from holdfast.settings import load_settings  # noqa: PLC0415

    with with_database(load_settings()) as settings:
        command(settings)
