"""The worker: runs beside the API, expires overdue holds and audits the tables."""
