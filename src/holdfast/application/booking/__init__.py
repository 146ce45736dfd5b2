"""Holding, buying and giving back seats: the gate, the queues and batches of each event, the end of holds."""
