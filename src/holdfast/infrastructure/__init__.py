"""Everything outside the process: PostgreSQL, Redis, identity providers, and the embedded servers."""
