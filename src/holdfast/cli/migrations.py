"""`holdfast migrate`: what its commands do, ask and print."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from holdfast.cli.database import database_url
from holdfast.cli.migration_progress import shown_progress
from holdfast.infrastructure.embedded import EmbeddedError
from holdfast.infrastructure.postgres.migrations import migrate, status
from holdfast.settings import Settings

_Result = TypeVar("_Result")

_REASON_MAX = 2_000
"""Longer than a list of the nodes that stand in the way."""


def up(settings: Settings, *, alone: bool = False) -> str:
    """Migrate the schema to the newest version, and describe it.

    Args:
        settings: The settings, for the database.
        alone: Nothing but what is about to be started uses this database, so the upgrade can be finished too.

    Raises:
        EmbeddedError: if the database cannot be reached, or refuses; the message is one line.
    """
    url = database_url(settings)
    with shown_progress() as reporter:
        _do("up", partial(migrate.upgrade, url, reporter=reporter))
    now = _do("up", partial(status.status, url))
    if alone and now.at_head and not now.is_finished and not now.older_nodes:
        _do("up", partial(migrate.finish, url, looks=1))
    return described(_do("up", partial(status.status, url)))


def down(settings: Settings, may_drop: Callable[[Sequence[str]], bool]) -> str:
    """Undo the newest migration, and describe the schema.

    Args:
        settings: The settings, for the database.
        may_drop: Asked, with a list, before any data that could be missed is dropped.

    Raises:
        EmbeddedError: if the database cannot be reached or refuses, or `may_drop` said no; the message is one line.
    """
    url = database_url(settings)
    lost = _do("down", partial(status.lost_by_downgrade, url))
    if lost and not may_drop(lost):
        raise EmbeddedError(f"nothing was done: this step would drop {', '.join(lost)}; add --yes where that is meant")
    with shown_progress() as reporter:
        _do("down", partial(migrate.downgrade, url, reporter=reporter))
    return show(settings)


def finish(settings: Settings, *, force: bool) -> str:
    """Let the nodes use the features of this version, and describe the schema.

    Raises:
        EmbeddedError: if older nodes are connected, or the schema is not this version's; the message is one line.
    """
    url = database_url(settings)
    _do("finish", partial(migrate.finish, url, force=force))
    return show(settings)


def show(settings: Settings) -> str:
    """Describe the schema, and what remains to be done.

    Raises:
        EmbeddedError: if the database cannot be reached; the message is one line.
    """
    return described(_do("status", partial(status.status, database_url(settings))))


def described(now: status.MigrationStatus) -> str:
    """Return a status as lines of text."""
    lines = [f"schema {now.current or 'none'}, newest {now.head}"]
    if now.is_newer:
        lines[0] += ": a newer version has migrated it, and this one serves until that upgrade is finished"
    if now.under_way is not None:
        done = f"{now.under_way.revision} {now.under_way.direction}, done: {', '.join(now.under_way.done)}"
        lines.append(f"  half done: {done}; `holdfast migrate {now.under_way.direction}` completes it")
    lines += [f"  to do: {revision}" for revision in now.pending]
    if now.current == now.head and not now.is_finished:
        lines.append(f"  upgrade finished up to {now.finished}: `holdfast migrate finish` once no older node is left")
        lines += [f"    off until then: {feature}" for feature in now.off]
        lines += [f"    older: {nodes}" for nodes in now.older_nodes]
    return "\n".join(lines)


def _do(action: str, work: Callable[[], _Result]) -> _Result:
    try:
        return work()
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise EmbeddedError(f"the database cannot be migrated ({action}): {reason[:_REASON_MAX]}") from error
