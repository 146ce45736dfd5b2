"""Seats over HTTP: how they are read, how they are added, and large halls."""
