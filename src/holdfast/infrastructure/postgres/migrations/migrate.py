"""Migrate a database: `holdfast migrate up|down|status`. One operator runs it; no node migrates at its start."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from holdfast.infrastructure.postgres.driver.poolers import connect_with
from holdfast.infrastructure.postgres.upkeep.suitability import unsuitable

_MIGRATION_LOCK = 0x486F6C64
"""Key of the advisory lock that keeps two operators from migrating at once."""


@dataclass(frozen=True, slots=True)
class MigrationStatus:
    """Where a database stands, and what is known beyond that."""

    current: str | None
    head: str
    pending: list[str]
    """Revisions to come, oldest first, as "0002 what it does"."""

    @property
    def at_head(self) -> bool:
        """Whether nothing is to be done."""
        return self.current == self.head


class UnsuitableDatabaseError(Exception):
    """The database cannot hold the schema; the message says what to do. Nothing was made."""


def upgrade(database_url: str, revision: str = "head") -> None:
    """Migrate up to `revision`; does nothing where that has been done.

    Raises:
        UnsuitableDatabaseError: for a server that is too old, or a database of another encoding than UTF-8.
    """

    def migrate(config: Config) -> None:
        _require_suitable(config.attributes["connection"])
        command.upgrade(config, revision)

    _run(database_url, migrate)


def downgrade(database_url: str, revision: str = "-1") -> None:
    """Migrate down to `revision`: one step by default, `base` for an empty database."""
    _run(database_url, lambda config: command.downgrade(config, revision))


def status(database_url: str) -> MigrationStatus:
    """Tell where the database stands."""
    current: list[str | None] = []

    def look(config: Config) -> None:
        connection = config.attributes["connection"]
        current.append(MigrationContext.configure(connection).get_current_revision())

    _run(database_url, look)
    scripts = ScriptDirectory.from_config(_config())
    pending = [f"{script.revision} {script.doc}" for script in scripts.iterate_revisions("head", current[0] or "base")]
    return MigrationStatus(current[0], head_revision(), pending[::-1])


def events_at_stake(database_url: str) -> int:
    """Count the events that one step down would drop with their tables; 0 where it keeps them."""
    found = [0]

    def look(config: Config) -> None:
        connection = config.attributes["connection"]
        current = MigrationContext.configure(connection).get_current_revision()
        if current is not None and ScriptDirectory.from_config(config).get_revision(current).down_revision is None:
            found[0] = connection.execute(text("SELECT count(*) FROM events")).scalar_one()

    _run(database_url, look)
    return found[0]


def head_revision() -> str:
    """Name the newest revision that this version of Holdfast knows."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None
    return head


def _require_suitable(connection: Connection) -> None:
    row = connection.execute(
        text(
            "SELECT current_setting('server_version_num')::int, pg_encoding_to_char(encoding)"
            " FROM pg_database WHERE datname = current_database()"
        )
    ).one()
    reason = unsuitable(version_number=row[0], encoding=row[1])
    if reason is not None:
        raise UnsuitableDatabaseError(reason)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _run(database_url: str, action: Callable[[Config], None]) -> None:
    asyncio.run(_run_async(database_url, action))


async def _run_async(database_url: str, action: Callable[[Config], None]) -> None:
    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=lambda: connect_with(database_url, {}, timeout=10), poolclass=NullPool
    )

    def act(connection: Connection) -> None:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
        config = _config()
        config.attributes["connection"] = connection
        action(config)

    try:
        async with engine.begin() as connection:
            await connection.run_sync(act)
    finally:
        await engine.dispose()
