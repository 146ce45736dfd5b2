"""The schema that this version knows. It is separate, so that nodes do not import what runs migrations."""

from functools import cache
from importlib.resources import files

_UP = ".up.sql"


@cache
def newest_migration() -> str:
    """Return the newest migration of this version, such as "0003"."""
    versions = files("holdfast.infrastructure.postgres.migrations") / "versions"
    return max(entry.name[:4] for entry in versions.iterdir() if entry.name.endswith(_UP))


def session_name(part: str) -> str:
    """Return a name for a connection, so that `pg_stat_activity` shows which version opened it.

    `holdfast migrate finish` finds nodes of older versions by it. In versions up to 0.1.0, the number is missing.
    """
    return f"holdfast-{part}/{newest_migration()}"
