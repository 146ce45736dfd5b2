"""The rules of events, seats and reservations, in pure Python: no I/O, no clock, no framework."""
