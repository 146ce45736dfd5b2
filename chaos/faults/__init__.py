"""The catalogue of faults, one module for each family; importing this enters all of them."""

from chaos.faults import clocks, crowds, database, decisions, durability, expiry, gate, processes, several_events

__all__ = ["clocks", "crowds", "database", "decisions", "durability", "expiry", "gate", "processes", "several_events"]
