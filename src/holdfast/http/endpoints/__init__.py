"""Serves operations: calls, answers, problems, the OpenAPI document. It knows nothing of seats."""
