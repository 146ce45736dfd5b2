"""Histories to test the checkers on: from a simulated seat service, and from Holdfast's engine without HTTP."""
