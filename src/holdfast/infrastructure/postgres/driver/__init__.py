"""Connections, pools and statements: how PostgreSQL is spoken to."""
