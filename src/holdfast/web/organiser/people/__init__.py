"""Who works for an organiser and with which keys, and what they did."""
