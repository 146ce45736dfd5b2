"""`holdfast tickets`; `cli.tickets` and `cli.door` implement it."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

tickets_app = typer.Typer(no_args_is_help=True, help="Verify tickets at the door, and look after the keys that sign.")


@tickets_app.command("keys")
def list_keys() -> None:
    """List the keys that sign and have signed tickets, newest first."""
    from holdfast.cli import tickets  # noqa: PLC0415

    _run(tickets.list_keys)


@tickets_app.command("rotate")
def rotate() -> None:
    """Sign with a new key from now on. Tickets signed before stay valid; give the door the new keys."""
    from holdfast.cli import tickets  # noqa: PLC0415

    _run(tickets.rotate)


@tickets_app.command("revoke")
def revoke(key_id: Annotated[str, typer.Argument(metavar="ID", help="As shown by `tickets keys`.")]) -> None:
    """Declare all that a key has signed invalid, because somebody else has the key. Buyers open their tickets again."""
    from holdfast.cli import tickets  # noqa: PLC0415

    _run(lambda settings: tickets.revoke(settings, key_id))


@tickets_app.command("export-keys")
def export_keys() -> None:
    """Print the public keys as a JSON Web Key Set, for `tickets verify --keys`."""
    from holdfast.cli import tickets  # noqa: PLC0415

    _run(tickets.export_keys)


@tickets_app.command("verify")
def verify(
    codes: Annotated[list[str] | None, typer.Argument(metavar="CODE", help="Default: standard input.")] = None,
    *,
    keys: Annotated[Path, typer.Option(metavar="FILE", help="The public keys, from `tickets export-keys`.")],
    event: Annotated[UUID | None, typer.Option(metavar="ID", help="Refuse tickets for any other event.")] = None,
) -> None:
    """Verify tickets without a connection: one code a line from a scanner, one line of output for each.

    Exit code 0 if every ticket was valid, 1 if one was refused, 2 if nothing could be verified.
    """
    from holdfast.cli.door import verify_codes  # noqa: PLC0415

    raise typer.Exit(verify_codes(codes, keys_file=keys, event_id=event))


def _run(command: Callable[[Any], None]) -> None:
    from holdfast.cli.database import with_database  # noqa: PLC0415
    from holdfast.settings import load_settings  # noqa: PLC0415

    with with_database(load_settings()) as settings:
        command(settings)
