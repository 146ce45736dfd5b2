"""Several databases as one: in which of them something is, and what is in all of them together."""
