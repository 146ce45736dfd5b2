"""What organisers read about the sales of an event: its reservations, as a list or a file, and its sales over time."""
