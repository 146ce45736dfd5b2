"""What can be configured, from environment variables: every name, default, range and meaning.

The table in docs/configuration.md says the same, and a test compares the two.
"""

import os
import re
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from holdfast.server_urls import parts, postgres, redis

Port = Annotated[int, Field(ge=1, le=65535)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]
Seconds = Annotated[float, Field(gt=0, le=3600, allow_inf_nan=False)]
SslMode = Literal["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]

_FOLDER_BYTES_MAX = 800
_PUBLIC_URL = re.compile(r"https?://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?(/[A-Za-z0-9._~-]+)*", re.ASCII)


class SettingsError(ValueError):
    """An environment variable holds a value that cannot be used; the message is one line that names it."""


class Settings(BaseSettings):
    """The configuration of one process.

    Field names are the environment variables' names in lower case. URLs and passwords are secrets: they show
    as asterisks in logs and tracebacks. `database_url` and `redis_url` are the effective ones, also when they
    were given in parts (`DB_HOST` …); None means that none was configured.
    """

    model_config = SettingsConfigDict(
        env_ignore_empty=True, extra="ignore", frozen=True, hide_input_in_errors=True, validate_default=False
    )

    host: str = Field(
        default="",
        description="Address to listen on. Default: 127.0.0.1 with the embedded database, else 0.0.0.0.",
    )
    port: Port = Field(default=8080, description="TCP port of the API.")
    app_env: Literal["development", "production"] = Field(
        default="development", description="production: logs are JSON lines; development: readable text."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = Field(
        default="INFO", description="The least severe log level that is written."
    )
    log_caller_key: SecretStr | None = Field(
        default=None,
        min_length=16,
        description=(
            "Secret from which the callers' pseudonyms in the log are made; the same on every node. Default: one kept "
            "in the data folder of an embedded run, else a new one at each start."
        ),
    )
    holdfast_data_dir: Path = Field(
        default=Path(".holdfast"),
        description="Folder of the embedded PostgreSQL's data, its password and the embedded servers' logs.",
    )
    cors_allow_origins: str = Field(
        default="*",
        description="Origins that may call the API from a browser: `*`, or a comma-separated list.",
    )
    public_url: str = Field(
        default="",
        description="Where callers find the service, such as `https://shop.example/tickets`: for links and redirects.",
    )
    trusted_proxies: str = Field(
        default="",
        description=(
            "Addresses and networks of the proxies in front, comma-separated: who the caller is, is taken from "
            "their `X-Forwarded-For`, and from nobody else's."
        ),
    )
    nodes: int = Field(default=3, ge=1, le=16, description="API nodes that `holdfast scale` starts behind nginx.")
    workers: int = Field(
        default=1,
        ge=1,
        le=64,
        description="API processes of one `holdfast serve`; they share its port and its metrics.",
    )
    worker_metrics_host: str = Field(
        default="127.0.0.1", min_length=1, description="Address on which `holdfast work` serves its `/metrics`."
    )
    worker_metrics_port: int = Field(
        default=9464, ge=0, le=65_535, description="Its port; 0 serves none. In use already: a warning, and none."
    )
    hold_seconds: int = Field(
        default=900, ge=1, le=86_400, description="How long a hold keeps its seats before it expires."
    )

    database_url: SecretStr | None = Field(
        default=None,
        description="PostgreSQL: `postgresql://user:password@host:port/name?sslmode=…`. Overrides `DB_*`.",
    )
    db_host: str | None = Field(
        default=None,
        description="PostgreSQL's host name, address or socket folder, when there is no `DATABASE_URL`.",
    )
    db_port: Port = Field(default=5432, description="PostgreSQL's port.")
    db_user: str = Field(default="holdfast", min_length=1, description="PostgreSQL's role.")
    db_password: SecretStr | None = Field(default=None, description="That role's password.")
    db_name: str = Field(default="holdfast", min_length=1, description="PostgreSQL's database.")
    db_sslmode: SslMode = Field(default="prefer", description="How the connection to PostgreSQL is encrypted.")

    redis_url: SecretStr | None = Field(
        default=None, description="Redis: `redis://:password@host:port/number`. Overrides `REDIS_*`."
    )
    redis_host: str | None = Field(
        default=None, description="Redis' host name or address, when there is no `REDIS_URL`."
    )
    redis_port: Port = Field(default=6379, description="Redis' port.")
    redis_password: SecretStr | None = Field(default=None, description="Redis' password.")
    redis_db: int = Field(default=0, ge=0, le=65_535, description="Number of the Redis database.")

    write_pool_size: int = Field(
        default=4, ge=1, le=100, description="Connections to PostgreSQL for batches, in each process."
    )
    read_pool_size: int = Field(
        default=4, ge=1, le=100, description="Connections to PostgreSQL for reads, in each process."
    )
    catalogue_pool_size: int = Field(
        default=2,
        ge=1,
        le=100,
        description=(
            "Connections to PostgreSQL for changes of events and charts, in each process. "
            "Bulk calls use all but one of them at a time."
        ),
    )
    batch_commands_max: Count = Field(default=256, description="Most commands decided in one transaction.")
    batch_seats_max: int = Field(default=1000, ge=20, le=100_000, description="Most seats decided in one transaction.")
    batch_events_max: Count = Field(
        default=16,
        description="Most events whose commands, few of each, are decided in one transaction; 1 gives each its own.",
    )
    event_queue_max: Count = Field(
        default=4096, description="Most commands that wait for one event; more get 503 with `outcome: none`."
    )
    process_queue_max: Count = Field(default=16_384, description="Most commands that wait in one process.")
    queue_wait_seconds_max: Seconds = Field(
        default=2.0,
        description="A command that waited longer gets 503 with `outcome: none`, before any work.",
    )
    batch_seconds_max: Seconds = Field(
        default=8.0, description="Longest time one batch is worked on, with all its attempts."
    )
    shutdown_seconds: Seconds = Field(default=10.0, description="Longest time from SIGTERM to the end of the process.")
    drain_seconds: float = Field(
        default=0.0,
        ge=0,
        le=3600,
        allow_inf_nan=False,
        description=(
            "How long after SIGTERM a node still takes requests while `/readyz` already answers 503; "
            "part of `SHUTDOWN_SECONDS`."
        ),
    )
    connections_max: int = Field(
        default=20_000,
        ge=1,
        le=1_000_000,
        description=(
            "Most HTTP connections of a process, or fewer where it may not open so many files; beyond them silent ones "
            "are closed, and only probes are answered."
        ),
    )
    seat_maps_mib_max: int = Field(
        default=256,
        ge=1,
        le=65_536,
        description="Memory for the seats of hot events in each process, in MiB; the least looked at leave first.",
    )
    lock_seconds: Seconds = Field(default=3.0, description="Life of a seat's lock in Redis.")
    redis_call_seconds: Seconds = Field(
        default=0.05, description="Longest wait for one answer of Redis; then work goes on without it."
    )
    gate_memory_seconds: Seconds = Field(
        default=2.0, description="How long a process remembers that a seat was taken, to spare Redis."
    )
    body_bytes_max: int = Field(
        default=20 * 1024 * 1024, ge=1024, le=1024**3, description="Largest request body; more gets 413."
    )

    def secrets(self) -> list[str]:
        """Everything that must never be written: the passwords, also those inside the URLs."""
        given = [self.db_password, self.redis_password, self.log_caller_key]
        database, redis = (url and url.get_secret_value() for url in (self.database_url, self.redis_url))
        words = [database, redis, *(secret.get_secret_value() for secret in given if secret is not None)]
        words += parts.passwords(database) if database else []
        words += parts.passwords(redis) if redis else []
        return [word for word in words if word]

    @field_validator("db_host", "redis_host")
    @classmethod
    def _hosts(cls, value: str | None) -> str | None:
        for host in (value or "").split(","):
            parts.check_host(host)
        return value

    @field_validator("host", "worker_metrics_host")
    @classmethod
    def _without_brackets(cls, value: str) -> str:
        """An IPv6 address is written in brackets in URLs, and without them everywhere else."""
        return value.removeprefix("[").removesuffix("]") if value.startswith("[") else value

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @field_validator("app_env", mode="before")
    @classmethod
    def _lower(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @field_validator("public_url")
    @classmethod
    def _address(cls, value: str) -> str:
        value = value.strip().rstrip("/")
        if value and not _PUBLIC_URL.fullmatch(value):
            raise ValueError("must be like https://shop.example/tickets: http or https, a host, and perhaps a path")
        return value

    @field_validator("holdfast_data_dir", mode="before")
    @classmethod
    def _folder(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        if not value.isprintable():
            raise ValueError("must be UTF-8, without line breaks or other control characters")
        if len(value.encode()) > _FOLDER_BYTES_MAX:
            raise ValueError(f"must have at most {_FOLDER_BYTES_MAX} bytes, since PostgreSQL takes no longer path")
        return os.path.expanduser(value)  # noqa: PTH111 - one without a home stays as it is

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: str) -> str:
        names = [name.strip() for name in value.split(",") if name.strip()]
        for name in names:
            try:
                ip_network(name)
            except ValueError:
                raise ValueError(f"{name!r} is neither an address nor a network such as 10.0.0.0/8") from None
        return ",".join(names)

    @field_validator("database_url")
    @classmethod
    def _postgres_url(cls, value: SecretStr | None) -> SecretStr | None:
        return value and SecretStr(postgres.checked(value.get_secret_value()))

    @field_validator("redis_url")
    @classmethod
    def _redis_url(cls, value: SecretStr | None) -> SecretStr | None:
        return value and SecretStr(redis.checked(value.get_secret_value()))

    @model_validator(mode="after")
    def _fill_in(self) -> Self:
        """Put together the URLs that were given in parts, and the address to listen on."""
        if self.event_queue_max > self.process_queue_max:
            raise ValueError("EVENT_QUEUE_MAX must not be above PROCESS_QUEUE_MAX")
        if self.drain_seconds >= self.shutdown_seconds:
            raise ValueError("DRAIN_SECONDS must be below SHUTDOWN_SECONDS")
        if self.database_url is None and self.db_host is not None:
            self._fill("database_url", SecretStr(self._database_url_of_parts(self.db_host)))
        if self.redis_url is None and self.redis_host is not None:
            url = redis.from_parts(self.redis_host, self.redis_port, self.redis_db, _plain(self.redis_password))
            self._fill("redis_url", SecretStr(url))
        if not self.host:
            self._fill("host", "0.0.0.0" if self.database_url else "127.0.0.1")  # noqa: S104 - a container's own
        return self

    def _database_url_of_parts(self, host: str) -> str:
        login = (self.db_user, _plain(self.db_password))
        url = postgres.from_parts(host, self.db_port, self.db_name, login, {"sslmode": self.db_sslmode})
        try:
            return postgres.checked(url)
        except ValueError as error:
            raise ValueError(f"DB_HOST, DB_SSLMODE: what they make {error}") from None

    def _fill(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)  # the model is frozen for everybody else


def load_settings() -> Settings:
    """Read the settings from the environment.

    Raises:
        SettingsError: A value cannot be used. The message names the variable and what it may be, but not the
            value: it may be a secret.
    """
    try:
        return Settings()
    except ValidationError as error:
        raise SettingsError("; ".join(_complaint(part) for part in error.errors(include_input=False))) from None


def _plain(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()


def _complaint(error: Any) -> str:  # noqa: ANN401 - pydantic's ErrorDetails has no exported name
    message = str(error["msg"]).removeprefix("Value error, ")
    message = re.sub(r"^Input should be ", "must be ", message)
    variable = ".".join(str(part) for part in error["loc"]).upper()
    return f"{variable}: {message}" if variable else message
