"""Who may do what: the policy, organisers and members, API keys, accounts, and the audit of their changes."""
