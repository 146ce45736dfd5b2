"""PostgreSQL, where everything is decided and stored. Every statement is in a `.sql` file beside its caller."""
