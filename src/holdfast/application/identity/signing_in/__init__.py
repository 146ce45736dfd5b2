"""Signing people in to the pages."""
