"""What a node listens on, how it shuts down, and how much it accepts."""

import os
import re
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings

from holdfast.settings.fields import Port, Seconds
from holdfast.settings.networks import checked_networks

_FOLDER_BYTES_MAX = 800
_PUBLIC_URL = re.compile(r"https?://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?(/[A-Za-z0-9._~-]+)*", re.ASCII)


class NodeSettings(BaseSettings):
    """What a node listens on, how it shuts down, and how much it accepts."""

    host: str = Field(
        default="",
        description="Address to listen on. Default: 127.0.0.1 with the embedded database, else 0.0.0.0.",
    )
    port: Port = Field(default=8080, description="TCP port of the API.")
    app_env: Literal["development", "production"] = Field(
        default="development", description="production: logs are JSON lines; development: readable text."
    )
    workers: int = Field(
        default=1,
        ge=1,
        le=64,
        description="API processes of one `holdfast serve`; they share its port and its metrics.",
    )
    nodes: int = Field(default=3, ge=1, le=16, description="API nodes that `holdfast scale` starts behind nginx.")
    trusted_proxies: str = Field(
        default="",
        description=(
            "Addresses and networks of the proxies in front, comma-separated. The caller's address is taken from "
            "`X-Forwarded-For` only if one of them sends it."
        ),
    )
    pages: bool = Field(default=True, description="Whether nodes serve the pages for buyers and organisers.")
    public_url: str = Field(
        default="",
        description=(
            "Where callers find the service, such as `https://shop.example/tickets`: for links and redirects. Only "
            "with `https` are the pages' cookies kept to HTTPS."
        ),
    )
    cors_allow_origins: str = Field(
        default="*",
        description=(
            "Origins that may call the API from a browser: `*`, or a comma-separated list. Changes from others get 403."
        ),
    )
    connections_max: int = Field(
        default=20_000,
        ge=1,
        le=1_000_000,
        description=(
            "Most HTTP connections of a process; fewer if it may not open that many files. Beyond that, idle ones are "
            "closed and only probes are answered."
        ),
    )
    body_bytes_max: int = Field(
        default=20 * 1024 * 1024, ge=1024, le=1024**3, description="Largest request body; a larger one gets 413."
    )
    shutdown_seconds: Seconds = Field(default=10.0, description="Longest time from SIGTERM to the end of the process.")
    drain_seconds: float = Field(
        default=0.0,
        ge=0,
        le=3600,
        allow_inf_nan=False,
        description=(
            "How long after SIGTERM a node still accepts requests while `/readyz` already answers 503; part of "
            "`SHUTDOWN_SECONDS`."
        ),
    )
    metrics_host: str = Field(
        default="127.0.0.1",
        min_length=1,
        description="Address on which a node serves the `/metrics` of `METRICS_PORT`.",
    )
    metrics_port: int = Field(
        default=0,
        ge=0,
        le=65_535,
        description=(
            "TCP port on which a node serves `/metrics` with the series of single events; 0 for none. Outside `open` "
            "mode the API's port leaves these out, and a node without this port exports no totals."
        ),
    )
    worker_metrics_host: str = Field(
        default="127.0.0.1", min_length=1, description="Address on which `holdfast work` serves its `/metrics`."
    )
    worker_metrics_port: int = Field(
        default=9464,
        ge=0,
        le=65_535,
        description=(
            "TCP port of that `/metrics`; 0 for none. If it is taken, the worker logs a warning and runs without it."
        ),
    )
    holdfast_data_dir: Path = Field(
        default=Path(".holdfast"),
        description="Folder of the embedded PostgreSQL's data, its password and the embedded servers' logs.",
    )

    @field_validator("host", "metrics_host", "worker_metrics_host")
    @classmethod
    def _without_brackets(cls, value: str) -> str:
        """Remove the brackets that an IPv6 address has in URLs, and nowhere else."""
        return value.removeprefix("[").removesuffix("]") if value.startswith("[") else value

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
        return os.path.expanduser(value)  # noqa: PTH111 - a ~ without a home is left as it is

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: str) -> str:
        return checked_networks(value)

    @model_validator(mode="after")
    def _drain_before_the_end(self) -> Self:
        if self.drain_seconds >= self.shutdown_seconds:
            raise ValueError("DRAIN_SECONDS must be below SHUTDOWN_SECONDS")
        return self
