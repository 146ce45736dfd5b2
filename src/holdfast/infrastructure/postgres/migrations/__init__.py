"""Alembic's environment; each revision is a pair of plain SQL files and a few lines of Python."""
