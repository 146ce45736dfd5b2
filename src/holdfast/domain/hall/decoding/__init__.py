"""Decodes JSON documents at once or piece by piece."""
