"""A node from its start to its end: readiness, draining, the deadline of a shutdown."""
