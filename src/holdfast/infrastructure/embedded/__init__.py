"""A PostgreSQL and a Redis of one's own: started from installed binaries, without Docker, also as root.

For `holdfast run`, for the tests and for experiments. In production both servers are given by URL.
"""

from holdfast.infrastructure.embedded.errors import EmbeddedError
from holdfast.infrastructure.embedded.postgres import EmbeddedPostgres
from holdfast.infrastructure.embedded.redis import EmbeddedRedis

__all__ = ["EmbeddedError", "EmbeddedPostgres", "EmbeddedRedis"]
