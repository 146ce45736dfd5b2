"""What the audit looks up, look-alike seat numbers, and when tables are vacuumed."""

from holdfast.infrastructure.postgres.migrations.plain_sql import run_beside

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Run the `.up.sql` of this revision."""
    run_beside(__file__, "up")


def downgrade() -> None:
    """Run the `.down.sql` of this revision."""
    run_beside(__file__, "down")
