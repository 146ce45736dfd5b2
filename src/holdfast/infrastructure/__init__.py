"""With what it is done: PostgreSQL, Redis, and the embedded twins of both."""
