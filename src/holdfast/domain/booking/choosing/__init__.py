"""Choosing the best free seats for a buyer who names how many, not which. Pure: no I/O, no clock."""
