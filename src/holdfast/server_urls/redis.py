"""REDIS_URL. Only options that the client knows are passed on: on others it would fail only when it connects."""

from urllib.parse import quote, unquote

from holdfast.server_urls import parts

SCHEMES = ("redis", "rediss", "unix")

_HOLDFAST_S_OWN = frozenset(
    (
        *("socket_timeout", "socket_connect_timeout", "socket_keepalive", "timeout", "max_connections"),
        *("retry_on_timeout", "health_check_interval", "client_name"),
    )
)
_CHOICES = {
    "protocol": ("2", "3"),
    "ssl_cert_reqs": ("none", "optional", "required"),
    "ssl_check_hostname": ("true", "false", "True", "False"),
}
_FILES = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")
_OF_TLS = frozenset((*_FILES, "ssl_cert_reqs", "ssl_check_hostname"))


def checked(url: str) -> str:
    """Return the URL in the form that the client accepts.

    Raises:
        ValueError: if it cannot be used; the message says what is wrong and what to write instead.
    """
    split = parts.split(url, SCHEMES)
    given = parts.options(split)
    if split.scheme == "unix":
        if not split.path.strip("/"):
            raise ValueError("must name a socket, as in unix:///run/redis/redis.sock?db=0")
    else:
        if len(parts.hosts(split)) > 1:
            raise ValueError("must name one host: Redis is one server here, or none")
        _check_number(unquote(split.path).strip("/"), "path")
    _check_number(given.get("db", ""), "db")
    wanted = {}
    for name, value in given.items():
        if name in _HOLDFAST_S_OWN:
            continue
        if name in _OF_TLS and split.scheme != "rediss":
            raise ValueError(f"has an option {name}, which needs rediss://")
        if name in _CHOICES and value not in _CHOICES[name]:
            raise ValueError(f"has an option {name} that must be one of: {', '.join(_CHOICES[name])}")
        if name not in {"db", "username", "password", *_CHOICES, *_OF_TLS}:
            raise ValueError("has an option that Holdfast does not know; known are db, protocol and ssl_…")
        wanted[name] = value
    parts.check_files(wanted, _FILES)
    return parts.with_options(split, wanted)


def from_parts(host: str, port: int, number: int, password: str | None) -> str:
    """Build a URL from separate variables."""
    if host.startswith("/"):
        return f"unix://{parts.login('', password)}@{quote(host)}?db={number}"
    at = f"{parts.login('', password)}@" if password else ""
    return f"redis://{at}{parts.bracketed(host)}:{port}/{number}"


def _check_number(text: str, where: str) -> None:
    if text and not (text.isascii() and text.isdecimal()):
        raise ValueError(f"must have the number of a database as its {where}, as in redis://host:6379/0")
