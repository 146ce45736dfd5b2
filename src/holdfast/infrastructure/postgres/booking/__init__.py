"""Holds, confirmations and cancellations: batches of decisions, and the statements that load and store them."""
