"""Looks after an installation: its totals, its audit, and the endless loops that run them."""
