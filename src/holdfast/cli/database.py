"""Which database a command works on."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import SecretStr

from holdfast.infrastructure.embedded import EmbeddedError, EmbeddedPostgres
from holdfast.infrastructure.embedded.postgres import running_url
from holdfast.settings import Settings, SettingsError

_LOOK_SECONDS = 3.0


def database_url(settings: Settings) -> str:
    """The URL of PostgreSQL, in plain text.

    Raises:
        SettingsError: None is configured.
    """
    return require_database(settings).database_url.get_secret_value()  # type: ignore[union-attr]


def require_database(settings: Settings) -> Settings:
    """The settings, if they name a database.

    Raises:
        SettingsError: They do not.
    """
    if settings.database_url is None:
        raise SettingsError("DATABASE_URL: must be set, or start everything with `holdfast run`")
    return settings


def refuse_shared_connections(settings: Settings) -> Settings:
    """Say at the start that a pooler cannot be used; a database that is away now is no reason not to start.

    Raises:
        EmbeddedError: DATABASE_URL leads to such a pooler; in one line.
    """
    from holdfast.infrastructure.postgres.driver.poolers import PoolerError, connect_with  # noqa: PLC0415 - slow to import

    async def look() -> None:
        connection = await connect_with(database_url(settings), {}, timeout=_LOOK_SECONDS)
        await connection.close(timeout=_LOOK_SECONDS)

    try:
        asyncio.run(look())
    except PoolerError as error:
        raise EmbeddedError(str(error)) from None
    except Exception:  # noqa: BLE001 - whatever it is, it may pass, and the log will tell
        return settings
    return settings


def forget_postgres_variables() -> None:
    """Before an embedded server is used: `PGSSLMODE` and its like are about another one, and the driver obeys them."""
    for name in [name for name in os.environ if name.startswith("PG")]:
        del os.environ[name]


@contextmanager
def with_database(settings: Settings) -> Iterator[Settings]:
    """Settings with a database: the configured one, else the embedded one, started if no run has it.

    Raises:
        EmbeddedError: The embedded database cannot be started.
    """
    if settings.database_url is not None:
        yield settings
        return
    forget_postgres_variables()
    url = running_url(settings.holdfast_data_dir)
    if url is not None:
        yield settings.model_copy(update={"database_url": SecretStr(url)})
        return
    server = EmbeddedPostgres(settings.holdfast_data_dir)
    server.start()
    try:
        yield settings.model_copy(update={"database_url": SecretStr(server.url)})
    finally:
        server.stop()
