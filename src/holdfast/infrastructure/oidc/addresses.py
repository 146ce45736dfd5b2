"""Which addresses an issuer's documents may be fetched from."""

from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

URL_MAX = 2048
"""Characters in an address."""


def require_fetchable(url: str, *, loopback: bool) -> None:
    """Refuse an address that we do not send a request to.

    Only HTTPS proves who answers. On loopback nobody is in between, so HTTP is allowed there, for trying things out.
    A discovery document names the address of the keys itself: a document of an issuer elsewhere must not be able to
    lead us to this machine, or to the addresses at which clouds hand out credentials.

    Args:
        url: The address.
        loopback: Whether an address of this machine is allowed: for the operator's own word, and for the documents of
            an issuer that is itself on loopback.

    Raises:
        ValueError: saying what is wrong with it, without quoting it.
    """
    parts = _split(url)
    on_loopback = is_loopback(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and on_loopback):
        raise ValueError("must be an https URL (http only on loopback)")
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not have a user or password in it")
    if on_loopback and not loopback:
        raise ValueError("must not lead to this machine")
    if _is_link_local(parts.hostname or ""):
        raise ValueError("must not be a link-local address")


def is_loopback(url: str) -> bool:
    """Tell whether an address is one of this machine, by its text: names other than localhost are not looked up."""
    host = _split(url).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _split(url: str) -> SplitResult:
    if len(url) > URL_MAX or not (url.isascii() and url.isprintable()) or " " in url or "\\" in url:
        raise ValueError(f"must be a URL of at most {URL_MAX} printable ASCII characters")
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises where it is not a port
    except ValueError:
        raise ValueError("is not a URL") from None
    if not parts.hostname:
        raise ValueError("must name a host")
    return parts


def _is_link_local(host: str) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return address.is_link_local or address.is_unspecified or (mapped is not None and not mapped.is_global)
