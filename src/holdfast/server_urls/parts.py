"""What the URLs of all servers have in common."""

import os
import re
from collections.abc import Iterable, Mapping
from ipaddress import IPv6Address
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlunsplit

_PARTS = re.compile(r"([^:/?#]+)://([^/?#]*)([^?#]*)(?:\?([^#]*))?(?:#(.*))?", re.DOTALL)
"""RFC 3986, appendix B. The standard library's `urlsplit` does the same, but its newer versions refuse a list of hosts
unless an IPv6 address comes first in it."""
_ENCODE = "in a user name or password, write @ as %40, / as %2F, : as %3A, # as %23, ? as %3F, [ as %5B"


def split(url: str, schemes: tuple[str, ...]) -> SplitResult:
    """Split a URL with one of these schemes.

    Raises:
        ValueError: if it is not a URL of that kind; the message is for the person who wrote it.
    """
    text = url.strip()
    if any(ord(character) < 0x20 or ord(character) == 0x7F for character in text):
        raise ValueError("must have no line breaks or other control characters")
    if not text.startswith(tuple(f"{scheme}://" for scheme in schemes)):
        raise ValueError(f"must start with {' or '.join(f'{scheme}://' for scheme in schemes)}")
    parts = _split(text)
    if "#" in text or parts.netloc.count("@") > 1 or re.search(r"[\[\]]", parts.netloc.rpartition("@")[0]):
        raise ValueError(f"is not a URL: {_ENCODE}")
    return parts


def _split(text: str) -> SplitResult:
    found = _PARTS.fullmatch(text)
    if found is None:
        raise ValueError(f"is not a URL: {_ENCODE}")
    scheme, place, path, query, fragment = (part or "" for part in found.groups())
    return SplitResult(scheme.lower(), place, path, query, fragment)


def hosts(parts: SplitResult) -> list[tuple[str, str]]:
    """Return each host with its port, as written; a port may be empty.

    Raises:
        ValueError: if one of them cannot be a host or a port.
    """
    found = []
    for place in parts.netloc.rpartition("@")[2].split(","):
        host, _, port = place.partition(":")
        if place.startswith("["):
            host, closed, rest = place.partition("]")
            host, port = host + closed, rest.removeprefix(":")
            if not closed or (rest and not rest.startswith(":")):
                raise ValueError("is not a URL: an IPv6 address is written as [::1]:5432")
        if ":" in port:
            raise ValueError(f"is not a URL: an IPv6 address is written as [::1]:5432; {_ENCODE}")
        found.append((host, check_port(unquote(port))))
    return found


def check_port(port: str) -> str:
    """Return the port if it is valid or empty.

    Raises:
        ValueError: if it is neither.
    """
    if port and not (port.isascii() and port.isdecimal() and 1 <= int(port[:9]) <= 65_535):
        raise ValueError(f"is not a URL: its port must be 1 to 65535 ({_ENCODE})")
    return port


def options(parts: SplitResult) -> dict[str, str]:
    """Return the options after the question mark. If a name occurs twice, the last value counts.

    Raises:
        ValueError: if an option has no name or no value.
    """
    try:
        return dict(parse_qsl(parts.query, strict_parsing=True, keep_blank_values=True)) if parts.query else {}
    except ValueError:
        raise ValueError("has options that are not name=value&name=value") from None


def with_options(parts: SplitResult, wanted: Mapping[str, str]) -> str:
    """Return the URL with exactly these options, unchanged if it has them already."""
    if wanted != options(parts):
        parts = parts._replace(query=urlencode(wanted, quote_via=quote))
    return urlunsplit(parts) if parts.netloc else f"{parts.scheme}://{urlunsplit(parts._replace(scheme=''))}"


def check_files(given: Mapping[str, str], names: Iterable[str]) -> None:
    """Check that the files named by options can be read.

    Raises:
        ValueError: if one cannot.
    """
    for name in names:
        path = given.get(name)
        if path and not (os.path.isfile(path) and os.access(path, os.R_OK)):  # noqa: PTH113 - text as the driver takes it
            raise ValueError(f"names a file in {name} that is missing or cannot be read")


def check_host(host: str) -> None:
    """Check that a host given in a variable of its own is a name, an address or a socket's folder.

    Raises:
        ValueError: if it contains anything else.
    """
    if host.startswith("/"):
        return
    bare = host.strip().removeprefix("[").removesuffix("]")
    if ":" in bare:
        try:
            IPv6Address(bare.partition("%")[0])
        except ValueError:
            raise ValueError("must be a host alone: its port has a variable of its own") from None
    elif not bare or any(character in "@/?#[] " or not character.isprintable() for character in bare):
        raise ValueError("must be the name or the address of a host, and nothing else")


def bracketed(host: str) -> str:
    """Put an IPv6 address in brackets, as URLs need it."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def login(user: str, password: str | None) -> str:
    """Return user and password as written before the @."""
    return quote(user, safe="") + ("" if password is None else ":" + quote(password, safe=""))


def with_login(url: str, user: str, password: str | None) -> str:
    """Return a URL with another user, and that one's password or none."""
    parts = _split(url)
    place = parts.netloc.rpartition("@")[2]
    query = {name: value for name, value in options(parts).items() if name not in ("user", "password")}
    return with_options(parts._replace(netloc=f"{login(user, password)}@{place}"), query)


def passwords(url: str) -> list[str]:
    """Return every secret in a URL, both as written and decoded."""
    parts = _split(url)
    written = parts.netloc.rpartition("@")[0].partition(":")[2]
    given = dict(parse_qsl(parts.query))
    return [word for word in (written, unquote(written), given.get("password"), given.get("sslpassword")) if word]


def redacted(url: str) -> str:
    """Return the URL without its passwords, for logs and messages."""
    parts = _split(url)
    login, at, place = parts.netloc.rpartition("@")
    user, colon, _ = login.partition(":")
    netloc = f"{user}{':***' if colon else ''}{at}{place}"
    query = "&".join(
        f"{name}=***" if name in {"password", "sslpassword"} else f"{name}{equals}{value}"
        for name, equals, value in (pair.partition("=") for pair in parts.query.split("&"))
    )
    if (netloc, query) == (parts.netloc, parts.query):
        return url
    return urlunsplit(parts._replace(netloc=netloc, query=query))
