"""What looks after an installation: its totals, its audit, and the endless loops that do it."""
