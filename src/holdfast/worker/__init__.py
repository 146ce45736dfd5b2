"""Runs beside the API: ends overdue holds."""
