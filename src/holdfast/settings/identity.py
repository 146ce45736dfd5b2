"""Who the caller is."""

import json
from typing import Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings

from holdfast.settings.networks import checked_networks


class IdentitySettings(BaseSettings):
    """Who the caller is."""

    auth_mode: Literal["open", "gateway", "tokens"] | None = Field(
        default=None,
        description=(
            "How callers prove who they are: `open`, not at all; `gateway`, a gateway names them; `tokens`, by a JWT "
            "or an API key. Default: `open`; with `APP_ENV=production` it must be named."
        ),
    )
    gateway_peers: str = Field(
        default="",
        description=(
            "Addresses and networks, comma-separated, from which `X-User-ID` and `X-User-Roles` are believed in "
            "`gateway` mode: of the connection itself, whatever `X-Forwarded-For` says."
        ),
    )
    oidc_issuers: SecretStr | None = Field(
        default=None,
        description=(
            "Issuers whose JWTs count in `tokens` mode, as JSON: "
            '`{"short": {"issuer": "https://…", "audience": "…", "client_id": "…", "client_secret": "…"}}`, the last '
            "two for the sign-in of the pages."
        ),
    )
    oidc_roles_claim: str = Field(
        default="roles", min_length=1, max_length=255, description="Where a JWT has its roles: a path joined by dots."
    )
    oidc_roles: str = Field(
        default="",
        description=(
            'What roles of issuers mean here, as JSON: `{"their word": "admin"}`, or '
            '`{"short": {"their word": "admin"}}` for one issuer.'
        ),
    )
    session_idle_minutes: int = Field(
        default=120,
        ge=5,
        le=720,
        description=(
            "After how many minutes without a request a browser is signed out of the pages. After 12 hours it is in "
            "any case."
        ),
    )

    @property
    def is_open(self) -> bool:
        """Whether callers need not prove who they are."""
        return self.auth_mode in (None, "open")

    def client_secrets(self) -> list[str]:
        """Find the secrets inside the issuers, also where something else of them is wrong."""
        if self.oidc_issuers is None:
            return []
        try:
            issuers = json.loads(self.oidc_issuers.get_secret_value())
        except ValueError:
            return []
        members = issuers.values() if isinstance(issuers, dict) else ()
        found = [member.get("client_secret") for member in members if isinstance(member, dict)]
        return [secret for secret in found if isinstance(secret, str)]

    @field_validator("auth_mode", mode="before")
    @classmethod
    def _lower_mode(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @field_validator("gateway_peers")
    @classmethod
    def _peers(cls, value: str) -> str:
        return checked_networks(value)

    @model_validator(mode="after")
    def _gateways_are_named(self) -> Self:
        if self.auth_mode == "gateway" and not self.gateway_peers:
            raise ValueError("GATEWAY_PEERS must name the gateways when AUTH_MODE is gateway")
        return self
