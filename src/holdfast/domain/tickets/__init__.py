"""Tickets: what they say, how they are written as a code, and what can be wrong with one."""
