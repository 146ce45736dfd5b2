"""What is logged."""

from typing import Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings


class LoggingSettings(BaseSettings):
    """What is logged."""

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = Field(
        default="INFO", description="The least severe log level that is written."
    )
    log_caller_key: SecretStr | None = Field(
        default=None,
        min_length=16,
        description=(
            "Secret from which the callers' pseudonyms in the log are derived; set the same on every node. Default: "
            "one kept in the data folder of an embedded run, otherwise a new one at each start."
        ),
    )

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value
