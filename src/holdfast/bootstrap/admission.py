"""Authentication of callers according to `AUTH_MODE`, and where people sign in to the pages."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from holdfast.api.identity.admission import Admission, Prover
from holdfast.api.identity.proving import GatewayProver, OpenProver, TokensProver
from holdfast.application.identity.identity import Identity
from holdfast.application.identity.signing_in.sign_in import IssuerSignIns, SignIns
from holdfast.application.identity.signing_in.tries import SignInTries
from holdfast.settings import Settings

if TYPE_CHECKING:
    from holdfast.infrastructure.oidc.verifier import OidcTokenVerifier


@dataclass(frozen=True, slots=True)
class _Issuers:
    """What there is for the issuers of `OIDC_ISSUERS`."""

    verifier: "OidcTokenVerifier"
    sign_ins: IssuerSignIns | None
    """None if none of them has a client id."""


@asynccontextmanager
async def open_admission(
    settings: Settings, identity: Identity, tries: SignInTries
) -> AsyncIterator[tuple[Admission, SignIns]]:
    """Yield what admits callers, and what signs people in; issuers' keys are kept fresh until the block ends."""
    issuers = _issuers(settings)
    if issuers is not None:
        issuers.verifier.start()
    try:
        admission = Admission(_prover(settings, identity, issuers), identity.owner_directory)
        yield admission, SignIns(identity, tries, None if issuers is None else issuers.sign_ins)
    finally:
        if issuers is not None:
            await issuers.verifier.close()


def _prover(settings: Settings, identity: Identity, issuers: _Issuers | None) -> Prover:
    if settings.auth_mode == "gateway":
        return GatewayProver(settings.gateway_peers)
    if settings.auth_mode != "tokens":
        return OpenProver()
    return TokensProver(None if issuers is None else issuers.verifier, identity.rights, identity.key_uses)


def _issuers(settings: Settings) -> _Issuers | None:
    if settings.auth_mode != "tokens":
        return None
    # The libraries that verify signatures take 20 MiB, which other modes do not need.
    from holdfast.infrastructure.oidc.issuers import parse_issuers  # noqa: PLC0415
    from holdfast.infrastructure.oidc.roles import parse_roles  # noqa: PLC0415
    from holdfast.infrastructure.oidc.sign_in import OidcSignIns  # noqa: PLC0415
    from holdfast.infrastructure.oidc.verifier import OidcTokenVerifier  # noqa: PLC0415

    roles = parse_roles(settings.oidc_roles, claim=settings.oidc_roles_claim)
    if settings.oidc_issuers is None:
        return None
    issuers = parse_issuers(settings.oidc_issuers.get_secret_value())
    verifier = OidcTokenVerifier(issuers, roles=roles)
    sign_ins = OidcSignIns(issuers, verifier)
    return _Issuers(verifier, sign_ins if sign_ins.names else None)
