"""Runs the SQL of a revision."""

from pathlib import Path
from typing import Literal, cast

from alembic import op
from sqlalchemy import AdaptedConnection


def run_beside(revision_file: str, direction: Literal["up", "down"]) -> None:
    """Run `NNNN_name.up.sql` or `NNNN_name.down.sql` beside the revision, as one script in Alembic's transaction."""
    script = Path(revision_file).with_suffix(f".{direction}.sql").read_text(encoding="utf-8")
    # The driver's own `execute` takes several statements; SQLAlchemy would prepare them, which takes one.
    adapted = op.get_bind().connection.dbapi_connection
    cast("AdaptedConnection", adapted).run_async(lambda driver_connection: driver_connection.execute(script))
