"""The caller: roles, principals, API keys, organisers and their members. Pure."""
