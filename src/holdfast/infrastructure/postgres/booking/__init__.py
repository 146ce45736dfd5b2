"""Batches: what is loaded and stored under the lock of an event."""
