"""Tokens of OpenID Connect issuers: whose they are, whether they are genuine, and where the keys come from."""
