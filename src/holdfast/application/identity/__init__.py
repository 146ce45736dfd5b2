"""Who may do what: the policy, organisers and their members, API keys, accounts, and the audit of all of that."""
