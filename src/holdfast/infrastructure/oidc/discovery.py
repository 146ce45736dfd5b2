"""An issuer's discovery document, and the key set that it links to."""

from dataclasses import dataclass

from holdfast.infrastructure.oidc.addresses import require_fetchable
from holdfast.infrastructure.oidc.fetching import Document, Fetcher, FetchFailedError
from holdfast.infrastructure.oidc.issuers import Issuer


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovered:
    """What Holdfast needs from the discovery document."""

    jwks_uri: str
    authorization_endpoint: str | None
    """Where the pages send people to sign in; None if the document has no URL for it, or not an allowed one."""
    token_endpoint: str | None
    token_by_post: bool
    """Whether the issuer takes a client's secret only in the body of a request for tokens, not in a header."""


async def discover(issuer: Issuer, fetcher: Fetcher) -> Discovered:
    """Fetch the discovery document.

    Raises:
        FetchFailedError: It could not be fetched, or names another issuer.
    """
    document = await fetcher.fetch(issuer.discovery_url, through_proxy=not issuer.on_loopback)
    if document.members.get("issuer") != issuer.issuer:
        raise FetchFailedError("its discovery document names another issuer")
    jwks_uri = _address(issuer, document, "jwks_uri")
    if jwks_uri is None:
        raise FetchFailedError("its discovery document has no jwks_uri that may be fetched")
    return Discovered(
        jwks_uri=jwks_uri,
        authorization_endpoint=_address(issuer, document, "authorization_endpoint"),
        token_endpoint=_address(issuer, document, "token_endpoint"),
        token_by_post=_only_by_post(document),
    )


async def fetch_keys(issuer: Issuer, fetcher: Fetcher) -> Document:
    """Fetch the discovery document and then the key set that it links to.

    The document is fetched each time because an issuer may move its keys.

    Raises:
        FetchFailedError: One of them could not be fetched.
    """
    discovered = await discover(issuer, fetcher)
    return await fetcher.fetch(discovered.jwks_uri, through_proxy=not issuer.on_loopback)


def _only_by_post(document: Document) -> bool:
    methods = document.members.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    return isinstance(methods, list) and "client_secret_basic" not in methods


def _address(issuer: Issuer, document: Document, name: str) -> str | None:
    url = document.members.get(name)
    if not isinstance(url, str):
        return None
    try:
        require_fetchable(url, loopback=issuer.on_loopback)
    except ValueError:
        return None
    return url
