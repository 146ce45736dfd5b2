"""Holdfast sells seats. Each seat goes to exactly one buyer, and no acknowledged reservation is ever lost."""

__version__ = "0.1.0"
