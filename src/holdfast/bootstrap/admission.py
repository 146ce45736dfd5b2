"""Authentication of callers according to `AUTH_MODE`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from holdfast.api.identity.admission import Admission, Prover
from holdfast.api.identity.proving import GatewayProver, OpenProver, TokensProver
from holdfast.application.identity.identity import Identity
from holdfast.settings import Settings

if TYPE_CHECKING:
    from holdfast.infrastructure.oidc.verifier import OidcTokenVerifier


@asynccontextmanager
async def open_admission(settings: Settings, identity: Identity) -> AsyncIterator[Admission]:
    """Yield what admits callers; issuers' keys are kept fresh until the block ends."""
    async with _open_prover(settings, identity) as prover:
        yield Admission(prover, identity.owner_directory)


@asynccontextmanager
async def _open_prover(settings: Settings, identity: Identity) -> AsyncIterator[Prover]:
    if settings.auth_mode == "gateway":
        yield GatewayProver(settings.gateway_peers)
        return
    if settings.auth_mode != "tokens":
        yield OpenProver()
        return
    verifier = _verifier(settings)
    if verifier is None:
        yield TokensProver(None, identity.rights, identity.key_uses)
        return
    verifier.start()
    try:
        yield TokensProver(verifier, identity.rights, identity.key_uses)
    finally:
        await verifier.close()


def _verifier(settings: Settings) -> "OidcTokenVerifier | None":
    # The libraries that verify signatures take 20 MiB, which other modes do not need.
    from holdfast.infrastructure.oidc.issuers import parse_issuers  # noqa: PLC0415
    from holdfast.infrastructure.oidc.roles import parse_roles  # noqa: PLC0415
    from holdfast.infrastructure.oidc.verifier import OidcTokenVerifier  # noqa: PLC0415

    roles = parse_roles(settings.oidc_roles, claim=settings.oidc_roles_claim)
    if settings.oidc_issuers is None:
        return None
    return OidcTokenVerifier(parse_issuers(settings.oidc_issuers.get_secret_value()), roles=roles)
