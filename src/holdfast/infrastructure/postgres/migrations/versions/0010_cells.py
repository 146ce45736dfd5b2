"""Cells: which there are, and which of them this database is."""

from holdfast.infrastructure.postgres.migrations.plain_sql import run_beside

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Run the `.up.sql` of this revision."""
    run_beside(__file__, "up")


def downgrade() -> None:
    """Run the `.down.sql` of this revision."""
    run_beside(__file__, "down")
