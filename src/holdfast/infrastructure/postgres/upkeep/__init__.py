"""Invariants, audit, totals, and whether the database is usable."""
