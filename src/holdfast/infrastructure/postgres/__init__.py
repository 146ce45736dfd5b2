"""The truth: PostgreSQL through asyncpg, with every statement in a `.sql` file beside its caller."""
