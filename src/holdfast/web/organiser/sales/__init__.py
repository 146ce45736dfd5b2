"""What organisers see of the sales of an event: live, as a list of reservations, and as a file."""
