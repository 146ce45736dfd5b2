"""Which URLs an issuer's documents may be fetched from."""

from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

URL_MAX = 2048
"""Characters in a URL."""


def require_fetchable(url: str, *, loopback: bool) -> None:
    """Refuse a URL that Holdfast must not send a request to.

    Only HTTPS authenticates the server. On loopback there is nobody in between, so HTTP is allowed there for trying
    things out. The discovery document contains the URL of the keys: a remote issuer could otherwise make a node send
    requests to its own machine, or to the link-local addresses where clouds serve credentials.

    Args:
        url: The URL.
        loopback: Whether a loopback address is allowed: for URLs from the operator's settings, and for documents of an
            issuer that is on loopback itself.

    Raises:
        ValueError: The URL is refused; the message says why without quoting it.
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
    """Return whether a URL's host is loopback, by its text: names other than localhost are not resolved."""
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
        parts.port  # noqa: B018 - raises if the port is invalid
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
