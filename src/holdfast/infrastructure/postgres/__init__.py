"""The truth: PostgreSQL through asyncpg, with every statement in `sql/`."""
