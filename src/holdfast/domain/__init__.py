"""What is true: the rules of events, seats and reservations. Pure Python: no I/O, no clock, no framework."""
