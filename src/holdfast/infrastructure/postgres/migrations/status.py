"""Where a database stands, and what the next step down would cost."""

import asyncio
from dataclasses import dataclass

from holdfast.application.features import FEATURES
from holdfast.infrastructure.postgres.driver.known_schema import newest_migration
from holdfast.infrastructure.postgres.migrations.at_stake import at_stake
from holdfast.infrastructure.postgres.migrations.finish import finished_migration, older_nodes
from holdfast.infrastructure.postgres.migrations.revisions import is_newer, pending_after, steps_of_revision
from holdfast.infrastructure.postgres.migrations.session import connected, current_revision
from holdfast.infrastructure.postgres.migrations.steps import UnderWay, under_way


@dataclass(frozen=True, slots=True)
class MigrationStatus:
    """Where a database stands, and what is known beyond that."""

    current: str | None
    head: str
    pending: list[str]
    """Revisions to come, oldest first, as "0002 what it does"."""
    under_way: UnderWay | None
    finished: str | None
    """Up to which revision the upgrade is finished; None where the schema is too old to say."""
    off: list[str]
    """What waits for `holdfast migrate finish`, as "name: what it is"."""
    older_nodes: list[str]
    """Where nodes of an older version are connected while the upgrade is not finished, one machine in a line."""

    @property
    def at_head(self) -> bool:
        """Whether nothing is to be migrated."""
        return self.current == self.head and self.under_way is None

    @property
    def is_newer(self) -> bool:
        """Whether a newer version of Holdfast has migrated it."""
        return is_newer(self.current)

    @property
    def is_finished(self) -> bool:
        """Whether everything that came with this version is in use."""
        return self.finished is not None and self.finished >= self.head


def status(database_url: str) -> MigrationStatus:
    """Tell where the database stands. Waits for nobody, also not for a migration that is under way."""
    return asyncio.run(_status(database_url))


def lost_by_downgrade(database_url: str) -> list[str]:
    """List what one step down would drop, such as "events (12 rows)"; empty where nothing goes that anybody misses."""
    return asyncio.run(_lost_by_downgrade(database_url))


async def _status(database_url: str) -> MigrationStatus:
    async with connected(database_url) as connection:
        current = await current_revision(connection)
        finished = await finished_migration(connection)
        newest = newest_migration()
        return MigrationStatus(
            current,
            newest,
            pending_after(current),
            await under_way(connection),
            finished,
            [f"{name}: {feature.what}" for name, feature in FEATURES.items() if (finished or "") < feature.migration],
            [] if finished is None or finished >= newest else await older_nodes(connection),
        )


async def _lost_by_downgrade(database_url: str) -> list[str]:
    async with connected(database_url) as connection:
        current = await current_revision(connection)
        if current is None or is_newer(current):
            return []
        lost = await at_stake(connection, steps_of_revision(current, "down"))
        if (await finished_migration(connection) or "") >= current:
            lost += [
                f"what {name} has written"
                for name, feature in FEATURES.items()
                if feature.migration == current and feature.leaves_entries
            ]
        return lost
