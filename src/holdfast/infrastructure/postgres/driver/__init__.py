"""Connections, pools and statements: the access to PostgreSQL."""
