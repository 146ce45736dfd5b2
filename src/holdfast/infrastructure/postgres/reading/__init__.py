"""Reads that take no lock."""
