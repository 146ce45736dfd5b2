"""Types of value that several settings share."""

from typing import Annotated

from pydantic import BaseModel, Field, SecretStr

Port = Annotated[int, Field(ge=1, le=65535)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]
Seconds = Annotated[float, Field(gt=0, le=3600, allow_inf_nan=False)]


def plain(secret: SecretStr | None) -> str | None:
    """Return a secret's plain text."""
    return None if secret is None else secret.get_secret_value()


def fill(settings: BaseModel, name: str, value: object) -> None:
    """Set a value derived from other settings in a validator. Everyone else sees frozen settings."""
    object.__setattr__(settings, name, value)
