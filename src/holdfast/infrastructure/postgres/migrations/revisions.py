"""The migrations of this version, in Alembic's order."""

from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory

from holdfast.infrastructure.postgres.driver.known_schema import newest_migration
from holdfast.infrastructure.postgres.migrations.plain_sql import script_beside
from holdfast.infrastructure.postgres.migrations.script import Step
from holdfast.infrastructure.postgres.migrations.steps import Direction


def alembic_config() -> Config:
    """Return Alembic's configuration with the place of the revisions."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def head_revision() -> str:
    """Return the newest revision."""
    head = _scripts().get_current_head()
    assert head is not None
    return head


def is_newer(current: str | None) -> bool:
    """Return whether a database at this revision was migrated by a newer version of Holdfast."""
    return current is not None and current > newest_migration()


def pending_after(current: str | None) -> list[str]:
    """Return the pending revisions, oldest first, as "0002 what it does"."""
    if is_newer(current):
        return []
    scripts = _scripts().iterate_revisions("head", current or "base")
    return [f"{script.revision} {script.doc}" for script in scripts][::-1]


def before(revision: str) -> str:
    """Return the revision below; empty below the first."""
    below = _scripts().get_revision(revision).down_revision
    return below if isinstance(below, str) else ""


def steps_of_revision(revision: str, direction: Direction) -> list[Step]:
    """Read the steps of a revision."""
    return script_beside(_scripts().get_revision(revision).path, direction)


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(alembic_config())
