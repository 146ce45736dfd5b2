"""Private PostgreSQL, Redis and nginx servers, started from installed programs without Docker, even as root.

They serve `holdfast run`, the tests and experiments. In production, the servers are given by URL.
"""

from holdfast.infrastructure.embedded.errors import EmbeddedError
from holdfast.infrastructure.embedded.postgres import EmbeddedPostgres
from holdfast.infrastructure.embedded.redis import EmbeddedRedis

__all__ = ["EmbeddedError", "EmbeddedPostgres", "EmbeddedRedis"]
