"""Metrics, log lines and traces. Imports nothing else of Holdfast."""
