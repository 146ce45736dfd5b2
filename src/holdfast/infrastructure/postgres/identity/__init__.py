"""Who may do what, in PostgreSQL: organisers, members, API keys, accounts, the audit."""
