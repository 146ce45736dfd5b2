"""Sessions of the pages, and the keys that sign tickets."""

from holdfast.infrastructure.postgres.migrations.plain_sql import run_beside

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Run the `.up.sql` of this revision."""
    run_beside(__file__, "up")


def downgrade() -> None:
    """Run the `.down.sql` of this revision."""
    run_beside(__file__, "down")
