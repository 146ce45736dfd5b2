"""Changing events and their charts."""
