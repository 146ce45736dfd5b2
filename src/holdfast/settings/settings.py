"""All settings of a process, from environment variables.

Each group has a module with the names, defaults, ranges and descriptions of its settings. The table in
docs/configuration.md repeats them, and a test compares the two.
"""

import re
from typing import Any, Self

from pydantic import ValidationError, model_validator
from pydantic_settings import SettingsConfigDict

from holdfast.server_urls import cells, parts
from holdfast.settings.archive import ArchiveSettings
from holdfast.settings.booking import BookingSettings
from holdfast.settings.database import DatabaseSettings
from holdfast.settings.fields import fill
from holdfast.settings.identity import IdentitySettings
from holdfast.settings.logging import LoggingSettings
from holdfast.settings.node import NodeSettings
from holdfast.settings.reading import ReadingSettings
from holdfast.settings.redis import RedisSettings


class SettingsError(ValueError):
    """An environment variable has a value that cannot be used. The message is one line that names the variable."""


class Settings(
    ArchiveSettings,
    ReadingSettings,
    BookingSettings,
    RedisSettings,
    DatabaseSettings,
    LoggingSettings,
    IdentitySettings,
    NodeSettings,
):
    """The configuration of one process.

    Field names are the environment variables' names in lower case. URLs and passwords are secrets: in logs and
    tracebacks, they show as asterisks. `database_url` and `redis_url` are the effective URLs, even if they were given
    in parts (`DB_HOST` …); None means that none was configured.
    """

    model_config = SettingsConfigDict(
        env_ignore_empty=True, extra="ignore", frozen=True, hide_input_in_errors=True, validate_default=False
    )

    def secrets(self) -> list[str]:
        """Everything that must never be written out: the passwords, including those inside URLs."""
        given = [self.db_password, self.redis_password, self.log_caller_key]
        given += [self.archive_db_password, self.archive_s3_secret_access_key]
        database, redis = (url and url.get_secret_value() for url in (self.database_url, self.redis_url))
        words = [
            database,
            redis,
            *(secret.get_secret_value() for secret in given if secret is not None),
        ]
        words += self.client_secrets()
        for url in [] if self.cells is None else cells.urls_in(self.cells.get_secret_value()):
            words += [url, *parts.passwords(url)]
        words += parts.passwords(database) if database else []
        words += parts.passwords(redis) if redis else []
        return [word for word in words if word]

    @model_validator(mode="after")
    def _host_by_database(self) -> Self:
        """Set the default for HOST: an embedded run is for trying things out, and nobody else should reach it."""
        if not self.host:
            fill(self, "host", "0.0.0.0" if self.database_url else "127.0.0.1")  # noqa: S104 - a container's own
        return self


def load_settings() -> Settings:
    """Read the settings from the environment.

    Raises:
        SettingsError: if a value cannot be used. The message names the variable and the allowed values, but not the
            value, which may be a secret.
    """
    try:
        return Settings()
    except ValidationError as error:
        raise SettingsError("; ".join(_complaint(part) for part in error.errors(include_input=False))) from None


def _complaint(error: Any) -> str:  # noqa: ANN401 - pydantic's ErrorDetails has no exported name
    message = str(error["msg"]).removeprefix("Value error, ")
    message = re.sub(r"^Input should be ", "must be ", message)
    variable = ".".join(str(part) for part in error["loc"]).upper()
    return f"{variable}: {message}" if variable else message
