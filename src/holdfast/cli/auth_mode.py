"""Checks that the operator has chosen how callers authenticate, before anything starts."""

from holdfast.settings import Settings, SettingsError


def require_auth_mode(settings: Settings) -> Settings:
    """Refuse to start if `AUTH_MODE` has not been decided, or its settings are invalid.

    Raises:
        SettingsError: The message is one line.
    """
    if settings.app_env == "production" and settings.auth_mode is None:
        raise SettingsError("AUTH_MODE: must be named with APP_ENV=production: open, gateway or tokens")
    if settings.auth_mode == "tokens":
        _require_readable_issuers(settings)
    return settings


def _require_readable_issuers(settings: Settings) -> None:
    from holdfast.infrastructure.oidc.issuers import parse_issuers  # noqa: PLC0415 - other modes do not need it
    from holdfast.infrastructure.oidc.roles import parse_roles  # noqa: PLC0415

    try:
        parse_roles(settings.oidc_roles, claim=settings.oidc_roles_claim)
    except ValueError as error:
        raise SettingsError(f"OIDC_ROLES: {error}") from None
    if settings.oidc_issuers is None:
        return
    try:
        parse_issuers(settings.oidc_issuers.get_secret_value())
    except ValueError as error:
        raise SettingsError(f"OIDC_ISSUERS: {error}") from None
