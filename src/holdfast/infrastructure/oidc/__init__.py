"""Verifies tokens of OpenID Connect issuers: finds the issuer, fetches its keys, checks the token."""
