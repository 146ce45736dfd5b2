"""The life of a node: readiness, draining, and the deadline of a shutdown."""
