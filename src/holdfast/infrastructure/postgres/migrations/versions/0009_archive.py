"""Archived events: the books of their files, and whose reservations are in them."""

from holdfast.infrastructure.postgres.migrations.plain_sql import run_beside

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Run the `.up.sql` of this revision."""
    run_beside(__file__, "up")


def downgrade() -> None:
    """Run the `.down.sql` of this revision."""
    run_beside(__file__, "down")
