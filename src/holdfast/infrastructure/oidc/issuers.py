"""The issuers whose tokens are accepted, from `OIDC_ISSUERS`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from holdfast.infrastructure.oidc.addresses import is_loopback, require_fetchable
from holdfast.infrastructure.oidc.json_object import read_object

ISSUERS_MAX = 50
"""Issuers of one system: the keys of each are fetched continuously."""

RESERVED = frozenset({"account", "key", "operator"})
"""Short names that are not allowed: with them a subject could get the user id of a local account or of an operator, or
the name of an API key.
"""

_SHORT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
_TEXT_MAX = 255
_MEMBERS = ("issuer", "audience", "client_id", "client_secret")


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """An issuer that Holdfast trusts."""

    short: str
    """Prefix of its subjects' user ids: `short:subject`."""
    issuer: str
    """The `iss` of its tokens, and the base URL of its discovery document."""
    audience: str
    """The `aud` that its tokens for Holdfast must have."""
    client_id: str | None = None
    """The client id with which the pages sign people in."""
    client_secret: str | None = field(default=None, repr=False)

    @property
    def discovery_url(self) -> str:
        """The URL of its discovery document (OpenID Connect Discovery 1.0, section 4)."""
        return self.issuer.removesuffix("/") + "/.well-known/openid-configuration"

    @property
    def on_loopback(self) -> bool:
        """Whether it runs on this machine."""
        return is_loopback(self.issuer)


def parse_issuers(text: str) -> tuple[Issuer, ...]:
    """Parse `{"short": {"issuer": …, "audience": …, "client_id"?: …, "client_secret"?: …}}`.

    Raises:
        ValueError: The message names the place, such as `shop.issuer`, and quotes no value, since some are secrets.
    """
    members = read_object(text)
    if not 1 <= len(members) <= ISSUERS_MAX:
        raise ValueError(f"must name 1 to {ISSUERS_MAX} issuers")
    issuers = tuple(_issuer(short, value) for short, value in members.items())
    shorts: dict[str, str] = {}
    for issuer in issuers:
        if (other := shorts.setdefault(issuer.issuer, issuer.short)) != issuer.short:
            raise ValueError(f"{issuer.short}.issuer: is that of {other} too; a subject would have two names")
    return issuers


def _issuer(short: str, value: object) -> Issuer:
    if not _SHORT.fullmatch(short):
        place = short[:40].encode("ascii", "backslashreplace").decode()
        raise ValueError(f"{place}: a short name has 1 to 32 letters, digits, dots, hyphens and underscores")
    if short.lower() in RESERVED:
        raise ValueError(f"{short}: this name is taken, for subjects that are none of an issuer's")
    if not isinstance(value, dict):
        raise ValueError(f"{short}: must be an object")  # noqa: TRY004 - errors in settings are always ValueError
    for name in value:
        if name not in _MEMBERS:
            place = name[:40].encode("ascii", "backslashreplace").decode()
            raise ValueError(f"{short}.{place}: is not known; it may have {', '.join(_MEMBERS)}")
    issuer = _text(short, value, "issuer")
    try:
        require_fetchable(issuer, loopback=True)
    except ValueError as error:
        raise ValueError(f"{short}.issuer: {error}") from None
    if "?" in issuer or "#" in issuer:
        raise ValueError(f"{short}.issuer: must have no query and no fragment")
    client_id = _text(short, value, "client_id") if "client_id" in value else None
    client_secret = _text(short, value, "client_secret") if "client_secret" in value else None
    if client_secret is not None and client_id is None:
        raise ValueError(f"{short}.client_id: is required beside client_secret")
    return Issuer(
        short=short,
        issuer=issuer,
        audience=_text(short, value, "audience"),
        client_id=client_id,
        client_secret=client_secret,
    )


def _text(short: str, members: Mapping[str, object], name: str) -> str:
    if name not in members:
        raise ValueError(f"{short}.{name}: is required")
    value = members[name]
    if not isinstance(value, str) or not 1 <= len(value) <= _TEXT_MAX or not value.isprintable():
        raise ValueError(f"{short}.{name}: must be a text of 1 to {_TEXT_MAX} printable characters")
    return value
