"""Faults at the edge of the network: connections, streams and bytes that no well-behaved client would send."""

from chaos.faults.edge import connections, floods, streams

__all__ = ["connections", "floods", "streams"]
