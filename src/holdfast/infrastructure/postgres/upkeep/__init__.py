"""What keeps an installation well: audit, totals, readiness."""
