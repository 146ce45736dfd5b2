"""Batches: what is loaded and stored under an event's lock."""
