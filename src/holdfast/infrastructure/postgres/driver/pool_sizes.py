"""Pool sizes that no setting controls. Kept apart from the pools, so that counting connections imports nothing."""

LARGE_CONNECTIONS = 6
"""For large reads, one of each kind at a time: maps of two sizes, list pages, charts, exports, sales."""
ACTS_CONNECTIONS = 2
"""For administrative acts, which run one after the other."""
RIGHTS_CONNECTIONS = 2
"""For looking up what keys and members may do, and for lists. Acts, which wait for each other, have their own."""
