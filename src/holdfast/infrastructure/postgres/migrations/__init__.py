"""Alembic's environment; each revision is a pair of plain SQL files beside a few lines of Python."""
