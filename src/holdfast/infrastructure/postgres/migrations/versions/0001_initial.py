"""Events, seats, claims, reservations and the log."""

from holdfast.infrastructure.postgres.migrations.plain_sql import run_beside

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Run the `.up.sql` of this revision."""
    run_beside(__file__, "up")


def downgrade() -> None:
    """Run the `.down.sql` of this revision."""
    run_beside(__file__, "down")
