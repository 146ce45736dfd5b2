"""Holding, selling and releasing seats: the gate, each event's queue and batches, and the expiry of holds."""
