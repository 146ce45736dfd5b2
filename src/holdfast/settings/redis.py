"""Redis: where it is, and how long to wait for it."""

from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings

from holdfast.server_urls import parts, redis
from holdfast.settings.fields import Port, Seconds, fill, plain


class RedisSettings(BaseSettings):
    """Redis: where it is, and how long to wait for it."""

    redis_url: SecretStr | None = Field(
        default=None, description="Redis: `redis://:password@host:port/number`. Overrides `REDIS_*`."
    )
    redis_host: str | None = Field(
        default=None, description="Redis' host name or address, when there is no `REDIS_URL`."
    )
    redis_port: Port = Field(default=6379, description="Redis' port.")
    redis_password: SecretStr | None = Field(default=None, description="Redis' password.")
    redis_db: int = Field(default=0, ge=0, le=65_535, description="Number of the Redis database.")
    lock_seconds: Seconds = Field(default=3.0, description="Lifetime of a seat's lock in Redis.")
    redis_call_seconds: Seconds = Field(
        default=0.05, description="Longest wait for an answer from Redis; after that, work goes on without it."
    )
    gate_memory_seconds: Seconds = Field(
        default=2.0, description="How long a process remembers that a seat was taken, to spare Redis."
    )

    @field_validator("redis_host")
    @classmethod
    def _redis_hosts(cls, value: str | None) -> str | None:
        for host in (value or "").split(","):
            parts.check_host(host)
        return value

    @field_validator("redis_url")
    @classmethod
    def _redis_url(cls, value: SecretStr | None) -> SecretStr | None:
        return value and SecretStr(redis.checked(value.get_secret_value()))

    @model_validator(mode="after")
    def _redis_url_in_parts(self) -> Self:
        if self.redis_url is None and self.redis_host is not None:
            password = plain(self.redis_password)
            url = redis.from_parts(self.redis_host, self.redis_port, self.redis_db, password)
            fill(self, "redis_url", SecretStr(url))
        return self
