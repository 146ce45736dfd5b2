"""Storage of events and charts."""
