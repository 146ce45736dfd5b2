"""Two cells, each a PostgreSQL of its own: trouble in one must not reach the other."""

from chaos.faults.cells import adding, outages

__all__ = ["adding", "outages"]
