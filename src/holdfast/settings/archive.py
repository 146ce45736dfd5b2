"""The archive of finished events."""

import re
from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings

_BUCKET = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9!_.*'()-]+)*", re.ASCII)
_ENDPOINT = re.compile(r"https?://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:([0-9]{1,5}))?(/[A-Za-z0-9._~-]+)*", re.ASCII)
_PORT_MAX = 65_535
_WORD = re.compile(r"[!-~]+", re.ASCII)
"""What stands in a header of a request, between slashes and commas."""


class ArchiveSettings(BaseSettings):
    """The archive of finished events."""

    archive_after_days: int | None = Field(
        default=None,
        ge=1,
        le=36_500,
        description=(
            "How long after its end an event's reservations, claims and log leave the database for a file. Unset: "
            "never. Needs `ARCHIVE_TO`; set it for `holdfast work`."
        ),
    )
    archive_to: str = Field(
        default="",
        description="Where these files are: a folder that exists, as an absolute path, or `s3://bucket/prefix`.",
    )
    archive_s3_endpoint: str = Field(
        default="", description="URL of an S3-compatible store; unset: Amazon's, in `ARCHIVE_S3_REGION`."
    )
    archive_s3_region: str = Field(default="us-east-1", min_length=1, description="The store's region.")
    archive_s3_access_key_id: str = Field(
        default="",
        description="The store's access key; unset: `AWS_ACCESS_KEY_ID` and the like, or the role of the machine.",
    )
    archive_s3_secret_access_key: SecretStr | None = Field(default=None, description="The secret of that access key.")
    archive_db_user: str = Field(
        default="",
        description=(
            "PostgreSQL's role that archives and restores, such as `holdfast_archiver`; unset: that of `DATABASE_URL`."
        ),
    )
    archive_db_password: SecretStr | None = Field(default=None, description="That role's password.")

    @field_validator("archive_to")
    @classmethod
    def _place(cls, value: str) -> str:
        value = value.strip().rstrip("/") if value.strip() != "/" else "/"
        if value.startswith("s3://"):
            if not _BUCKET.fullmatch(value) or {".", ".."} & set(value.split("/")):
                raise ValueError("must be s3://bucket or s3://bucket/prefix")
        elif value and not (Path(value).is_absolute() and value.isprintable()):
            raise ValueError("must be an absolute path, or s3://bucket/prefix")
        return value

    @field_validator("archive_s3_endpoint")
    @classmethod
    def _endpoint(cls, value: str) -> str:
        value = value.strip().rstrip("/")
        matched = _ENDPOINT.fullmatch(value)
        if value and (matched is None or not 0 < int(matched[3] or 443) <= _PORT_MAX):
            raise ValueError("must be like https://s3.example: http or https, a host, and perhaps a port and a path")
        return value

    @field_validator("archive_s3_region", "archive_s3_access_key_id")
    @classmethod
    def _word(cls, value: str) -> str:
        """Refuse what the client of the bucket would fail on, without saying on which setting."""
        value = value.strip()
        if not _WORD.fullmatch(value):
            raise ValueError("must be printable ASCII without spaces")
        return value

    @model_validator(mode="after")
    def _archive_is_whole(self) -> Self:
        if self.archive_after_days is not None and not self.archive_to:
            raise ValueError("ARCHIVE_AFTER_DAYS needs ARCHIVE_TO, the place of the files")
        if bool(self.archive_s3_access_key_id) != (self.archive_s3_secret_access_key is not None):
            raise ValueError("ARCHIVE_S3_ACCESS_KEY_ID and ARCHIVE_S3_SECRET_ACCESS_KEY must be set together")
        if self.archive_db_password is not None and not self.archive_db_user:
            raise ValueError("ARCHIVE_DB_PASSWORD needs ARCHIVE_DB_USER")
        return self
