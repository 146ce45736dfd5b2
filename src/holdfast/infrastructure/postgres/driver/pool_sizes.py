"""Pool sizes that no setting controls. Kept apart from the pools, so that counting connections imports nothing."""

LARGE_CONNECTIONS = 4
"""For large reads, one of each kind at a time: maps of two sizes, list pages, charts."""
