"""The statements of `readiness.sql`, which take no values."""

from dataclasses import dataclass

from holdfast.infrastructure.postgres.driver.queries import Nothing, Query, bound, load_queries


@dataclass(frozen=True, slots=True)
class ReadinessQueries:
    """The statements of `readiness.sql`."""

    server: Query[Nothing]
    schema_version: Query[Nothing]
    lock_nothing: Query[Nothing]
    missing_grants: Query[Nothing]
    finished_upgrade: Query[Nothing]


READINESS = bound(ReadinessQueries, load_queries("upkeep/readiness"))
