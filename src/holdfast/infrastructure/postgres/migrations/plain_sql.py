"""Runs the SQL of a revision."""

from pathlib import Path
from typing import cast

from alembic import context, op
from sqlalchemy import AdaptedConnection, text

from holdfast.infrastructure.postgres.migrations.script import Step, steps_of
from holdfast.infrastructure.postgres.migrations.steps import FORGET, Direction, Run, run_steps


def script_beside(revision_file: str | Path, direction: Direction) -> list[Step]:
    """Read the steps of `NNNN_name.up.sql` or `NNNN_name.down.sql` next to the revision."""
    path = Path(revision_file).with_suffix(f".{direction}.sql")
    try:
        return steps_of(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from None


def run_beside(revision_file: str, direction: Direction) -> None:
    """Run the steps of the revision's SQL file, then delete their record together with Alembic's update."""
    revision = Path(revision_file).name.partition("_")[0]
    steps = script_beside(revision_file, direction)
    run: Run = context.config.attributes["run"]
    with op.get_context().autocommit_block():
        adapted = cast("AdaptedConnection", op.get_bind().connection.dbapi_connection)
        adapted.run_async(lambda connection: run_steps(connection, revision, direction, steps, run))
    op.get_bind().execute(text(FORGET), {"revision": revision})
