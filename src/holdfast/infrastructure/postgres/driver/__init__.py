"""One connection to PostgreSQL and how statements get onto it."""
