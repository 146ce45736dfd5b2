"""Two cells, each a PostgreSQL of its own: trouble in one must not reach the other."""

from chaos.faults.cells import adding, identity, outages

__all__ = ["adding", "identity", "outages"]
