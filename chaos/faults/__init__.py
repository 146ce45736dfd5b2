"""The catalogue of faults, one module for each family; importing this enters all of them."""

from chaos.faults import (
    clocks,
    crowded_reading,
    crowds,
    database,
    decisions,
    departures,
    durability,
    edge,
    expiry,
    gate,
    lost_connects,
    lost_endings,
    neighbours,
    operators,
    processes,
    several_events,
)

__all__ = [
    "clocks",
    "crowded_reading",
    "crowds",
    "database",
    "decisions",
    "departures",
    "durability",
    "edge",
    "expiry",
    "gate",
    "lost_connects",
    "lost_endings",
    "neighbours",
    "operators",
    "processes",
    "several_events",
]
