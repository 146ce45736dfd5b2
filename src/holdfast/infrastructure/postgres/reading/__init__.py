"""Reads that lock nothing."""
