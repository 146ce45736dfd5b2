"""The state of a database's schema, and what the next step down would drop."""

import asyncio
from dataclasses import dataclass

from holdfast.application.features import FEATURES
from holdfast.infrastructure.postgres.driver.known_schema import newest_migration
from holdfast.infrastructure.postgres.migrations.at_stake import at_stake, entries_at_stake
from holdfast.infrastructure.postgres.migrations.finish import finished_migration, older_nodes
from holdfast.infrastructure.postgres.migrations.revisions import is_newer, pending_after, steps_of_revision
from holdfast.infrastructure.postgres.migrations.session import connected, current_revision
from holdfast.infrastructure.postgres.migrations.steps import UnderWay, under_way
from holdfast.server_urls.cells import Cell


@dataclass(frozen=True, slots=True)
class MigrationStatus:
    """The state of a database's schema."""

    current: str | None
    head: str
    pending: list[str]
    """Pending revisions, oldest first, as "0002 what it does"."""
    under_way: UnderWay | None
    finished: str | None
    """The revision up to which the upgrade is finished; None if the schema is too old to have that."""
    off: list[str]
    """Features that wait for `holdfast migrate finish`, as "name: what it is"."""
    older_nodes: list[str]
    """Machines from which nodes of an older version are connected while the upgrade is not finished, one per line."""

    @property
    def at_head(self) -> bool:
        """Whether no migration is pending."""
        return self.current == self.head and self.under_way is None

    @property
    def is_newer(self) -> bool:
        """Whether a newer version of Holdfast has migrated it."""
        return is_newer(self.current)

    @property
    def is_finished(self) -> bool:
        """Whether everything that came with this version is in use."""
        return self.finished is not None and self.finished >= self.head


def status(where: Cell | str) -> MigrationStatus:
    """Return the state of the database. It waits for nothing, not even for a migration in progress."""
    return asyncio.run(_status(where))


def lost_by_downgrade(where: Cell | str) -> list[str]:
    """Return what one step down would drop, such as "events (12 rows)"; empty if nothing of value is lost."""
    return asyncio.run(_lost_by_downgrade(where))


async def _status(where: Cell | str) -> MigrationStatus:
    async with connected(where, at_owner=True) as connection:
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


async def _lost_by_downgrade(where: Cell | str) -> list[str]:
    async with connected(where) as connection:
        current = await current_revision(connection)
        if current is None or is_newer(current):
            return []
        lost = await at_stake(connection, steps_of_revision(current, "down"))
        if (await finished_migration(connection) or "") >= current:
            kinds = [kind for feature in FEATURES.values() if feature.migration == current for kind in feature.entries]
            lost += await entries_at_stake(connection, kinds)
        return lost
