"""Maps an issuer's roles to those of Holdfast: `OIDC_ROLES_CLAIM` and `OIDC_ROLES`."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from holdfast.infrastructure.oidc.json_object import read_object

BUYER = "buyer"
"""The role of everybody who proves a subject."""
ADMIN = "admin"
CLAIM_DEFAULT = "roles"

_CLAIM_MAX = 255


@dataclass(frozen=True, slots=True)
class Roles:
    """Reads the roles from a token's claims. Roles that `OIDC_ROLES` does not map have no effect."""

    claim: str = CLAIM_DEFAULT
    """A path with dots; a claim with dots in its own name is found by its full name first."""
    meanings: Mapping[str, str] = field(default_factory=dict)
    """The role in Holdfast, by the issuer's name for it."""
    meanings_of_issuer: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """The same for one issuer only, by its short name."""

    def of(self, claims: Mapping[str, object], issuer_short: str) -> frozenset[str]:
        """Return the roles of a subject; `buyer` is always included."""
        own = self.meanings_of_issuer.get(issuer_short, {})
        words = _words(_find(claims, self.claim))
        found = {role for word in words if (role := own.get(word) or self.meanings.get(word)) is not None}
        return frozenset({BUYER, *found})


def parse_roles(text: str, *, claim: str = CLAIM_DEFAULT) -> Roles:
    """Parse `{"their name": "admin"}`, or `{"short": {"their name": "admin"}}` for one issuer only.

    With several trusted issuers, one of them might let people choose their own roles; with the second form its roles
    have no effect.

    Args:
        text: The JSON of `OIDC_ROLES`; if empty, no role of an issuer has an effect.
        claim: `OIDC_ROLES_CLAIM`.

    Raises:
        ValueError: The message names the place.
    """
    if not 1 <= len(claim) <= _CLAIM_MAX:
        raise ValueError(f"the claim's path must have 1 to {_CLAIM_MAX} characters")
    everywhere: dict[str, str] = {}
    of_issuer: dict[str, dict[str, str]] = {}
    for word, meaning in (read_object(text) if text.strip() else {}).items():
        if isinstance(meaning, dict):
            of_issuer[word] = {inner: _role(f"{word}.{inner}", role) for inner, role in meaning.items()}
        else:
            everywhere[word] = _role(word, meaning)
    return Roles(claim, everywhere, of_issuer)


def _role(place: str, role: object) -> str:
    if role not in (ADMIN, BUYER):
        place = place[:80].encode("ascii", "backslashreplace").decode()
        raise ValueError(f"{place}: must be {ADMIN} or {BUYER}; the roles in an organiser come from its members")
    return str(role)


def _find(claims: Mapping[str, object], path: str) -> object:
    if path in claims:
        return claims[path]
    value: object = claims
    for name in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value


def _words(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(word for word in value if isinstance(word, str)) if isinstance(value, list) else ()
