"""Builds what archives and restores events: the files' place, and the rows of a cell."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from holdfast.application.upkeep.archive.ports import Target
from holdfast.infrastructure.archive_files.folder import FolderTarget
from holdfast.infrastructure.postgres.archive.removal import PostgresRemoval
from holdfast.infrastructure.postgres.archive.returning import PostgresReturn
from holdfast.infrastructure.postgres.archive.session import ArchiveSession
from holdfast.server_urls import parts
from holdfast.server_urls.cells import Cell
from holdfast.settings import Settings, SettingsError
from holdfast.settings.fields import plain

_S3 = "s3://"


@dataclass(frozen=True, slots=True)
class CellArchive:
    """What archives the events of a cell, and restores them."""

    cell: Cell
    session: ArchiveSession
    removal: PostgresRemoval
    books: PostgresReturn


def archive_after(settings: Settings) -> timedelta:
    """Return how long after their end events are archived.

    Raises:
        SettingsError: if they are not.
    """
    if settings.archive_after_days is None:
        raise SettingsError("ARCHIVE_AFTER_DAYS: must be set, so that it is known which events are due")
    return timedelta(days=settings.archive_after_days)


def archive_target(settings: Settings) -> Target:
    """Return where the files are.

    Raises:
        SettingsError: if that is not configured, or the package for it is not installed.
    """
    place = settings.archive_to
    if not place:
        raise SettingsError("ARCHIVE_TO: must be set to the place of the archive's files")
    if not place.startswith(_S3):
        return FolderTarget(Path(place))
    try:
        from holdfast.infrastructure.archive_files.s3 import Bucket, S3Target  # noqa: PLC0415 - an optional package
    except ModuleNotFoundError:
        raise SettingsError("ARCHIVE_TO: a bucket needs the package obstore: install holdfast[s3]") from None
    name, _, prefix = place.removeprefix(_S3).partition("/")
    return S3Target(
        Bucket(
            name=name,
            prefix=prefix,
            endpoint=settings.archive_s3_endpoint or None,
            region=settings.archive_s3_region,
            access_key_id=settings.archive_s3_access_key_id or None,
            secret_access_key=plain(settings.archive_s3_secret_access_key),
        )
    )


@asynccontextmanager
async def open_cell_archive(settings: Settings, cell: Cell) -> AsyncIterator[CellArchive]:
    """Have what archives the events of a cell; its connection is opened when needed and cut at the end."""
    if settings.archive_db_user:
        login = (settings.archive_db_user, plain(settings.archive_db_password))
        cell = replace(cell, url=parts.with_login(cell.url, *login))
    session = ArchiveSession(cell)
    try:
        yield CellArchive(cell, session, PostgresRemoval(session), PostgresReturn(session))
    finally:
        await session.close()
