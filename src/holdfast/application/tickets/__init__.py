"""Tickets of confirmed reservations: their codes, the keys that sign them, and checking them at the door."""
