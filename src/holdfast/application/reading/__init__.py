"""The read side: in-memory maps of busy events that follow the log. No decision is ever based on them."""
