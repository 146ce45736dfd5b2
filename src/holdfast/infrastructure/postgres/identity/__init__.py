"""Identity in PostgreSQL: organisers, members, API keys, accounts, the audit."""
