"""What organisers read about the sales of an event over HTTP."""
