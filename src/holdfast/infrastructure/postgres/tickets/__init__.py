"""Tickets in PostgreSQL: the keys that sign them, and the seats they are for."""
