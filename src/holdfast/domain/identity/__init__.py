"""Who asks: roles, the principal behind a request, API keys, organisers and their members. Pure."""
