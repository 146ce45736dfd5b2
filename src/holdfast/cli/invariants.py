"""`holdfast check`: the invariants as a table."""

from holdfast.settings import Settings


def report_invariants(settings: Settings) -> bool:
    """Check all invariants and print one row for each; answers whether all hold."""
    raise NotImplementedError
