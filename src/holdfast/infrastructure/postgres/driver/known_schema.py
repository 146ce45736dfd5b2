"""Which schema this version knows. Nodes ask here, so nothing that carries migrations out is imported."""

from functools import cache
from importlib.resources import files

_UP = ".up.sql"


@cache
def newest_migration() -> str:
    """Name the newest migration of this version, such as "0003"."""
    versions = files("holdfast.infrastructure.postgres.migrations") / "versions"
    return max(entry.name[:4] for entry in versions.iterdir() if entry.name.endswith(_UP))


def session_name(part: str) -> str:
    """Name a connection to PostgreSQL so that `pg_stat_activity` shows which version opened it.

    `holdfast migrate finish` looks for nodes of older versions by it. Up to 0.1.0 the number was missing.
    """
    return f"holdfast-{part}/{newest_migration()}"
