"""Halls as CSV: a list of seats, a line for each."""
