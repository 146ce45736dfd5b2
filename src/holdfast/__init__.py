"""Holdfast sells seats: each to exactly one buyer, and nothing that was acknowledged is ever lost."""

__version__ = "0.1.0"
