"""Reads reservations and the log for organisers."""
