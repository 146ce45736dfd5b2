"""Sizes of pools that no setting names; apart from the pools, so that who only counts connections imports nothing."""

LARGE_CONNECTIONS = 4
"""For what is large, one of each at a time: maps of two sizes, pages of lists, charts."""
