"""DATABASE_URL, as libpq understands it.

Options that libpq has and the driver does not are carried out here, dropped if they mean nothing here, or refused.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, urlencode

from holdfast.server_urls import parts

SCHEMES = ("postgres", "postgresql")

_OF_THE_DRIVER = frozenset(
    (
        *("host", "port", "user", "password", "dbname", "database", "passfile", "service", "options"),
        *("target_session_attrs", "krbsrvname", "gsslib"),
        *("sslmode", "sslcert", "sslkey", "sslpassword", "sslrootcert", "sslcrl", "sslnegotiation"),
        *("ssl_min_protocol_version", "ssl_max_protocol_version"),
    )
)
_HOLDFAST_S_OWN = frozenset(
    (
        *("application_name", "fallback_application_name", "connect_timeout", "tcp_user_timeout"),
        *("keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count", "load_balance_hosts"),
        *("sslcompression", "sslsni", "min_protocol_version", "max_protocol_version"),
    )
)
"""Options to drop: Holdfast names its connections, limits their times and tries several hosts itself."""
_MEANS_NOTHING_WITH = {
    "channel_binding": ("disable", "prefer"),
    "gssencmode": ("disable", "prefer"),
    "gssdelegation": ("0",),
    "requiressl": ("0",),
    "sslcertmode": ("disable", "allow"),
    "client_encoding": ("utf8", "utf-8", "auto"),
}
"""Options that ask for nothing with these values. With others they ask for what the driver cannot do."""
_CHOICES = {
    "sslmode": ("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
    "sslnegotiation": ("postgres", "direct"),
    "target_session_attrs": ("read-write", "primary", "any"),
}
_FILES = ("passfile", "sslcert", "sslkey", "sslrootcert", "sslcrl")
_WORD = re.compile(r"(?:\\.|\S)+")
_ESCAPED = re.compile(r"\\(.)")
_SYSTEM_ROOTS = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)


def checked(url: str) -> str:
    """Return the URL in the form that the driver accepts.

    Raises:
        ValueError: if it cannot be used; the message says what is wrong and what to write instead.
    """
    split = parts.split(url, SCHEMES)
    given = parts.options(split)
    places = parts.hosts(split)
    if len(places) > 1 and not all(host for host, _ in places):
        raise ValueError("is not a URL: one of its hosts is empty")
    for port in given.get("port", "").split(","):
        parts.check_port(port)
    wanted = {name: value for name, value in given.items() if _is_for_the_driver(name, value)}
    for name, choices in _CHOICES.items():
        if name in wanted and wanted[name] not in choices:
            raise ValueError(f"has an option {name} that must be one of: {', '.join(choices)}")
    if len(places) > 1 or "," in wanted.get("host", ""):
        wanted.setdefault("target_session_attrs", "read-write")  # whichever is the primary now
    if wanted.get("sslrootcert") == "system":
        wanted["sslrootcert"] = _system_roots()
    parts.check_files(wanted, _FILES)
    _check_roots(wanted)
    return parts.with_options(split, wanted)


def each_host(url: str) -> list[str]:
    """Return one URL for each host of a checked URL, in order."""
    split = parts.split(url, SCHEMES)
    given = parts.options(split)
    login, at, place = split.netloc.rpartition("@")
    if "," in place:
        return [parts.with_options(split._replace(netloc=f"{login}{at}{host}"), given) for host in place.split(",")]
    hosts, ports = given.get("host", "").split(","), given.get("port", "").split(",")
    if len(hosts) < 2 or place:
        return [url]
    ports = ports * len(hosts) if len(ports) == 1 else ports
    return [
        parts.with_options(split, {**given, "host": host, **({"port": port} if port else {})})
        for host, port in zip(hosts, ports, strict=False)
    ]


def settings_in(url: str) -> dict[str, str]:
    """Return the settings of the server that a checked URL asks for, as in `options=-c%20search_path%3Dsales`."""
    given = parts.options(parts.split(url, SCHEMES)).get("options", "")
    words = (_ESCAPED.sub(r"\1", word) for word in _WORD.findall(given))
    settings = {}
    for word in words:
        pair = next(words, "") if word == "-c" else word[2:] if word.startswith(("-c", "--")) else ""
        name, _, value = pair.partition("=")
        settings[name.replace("-", "_")] = value
    settings.pop("", None)
    return settings


def at_host(url: str, host: str, port: int) -> str:
    """Return a checked URL that leads to one other server, with the same login and options."""
    split = parts.split(url, SCHEMES)
    given = {name: value for name, value in parts.options(split).items() if name not in ("host", "port")}
    login, at, _ = split.netloc.rpartition("@")
    return parts.with_options(split._replace(netloc=f"{login}{at}{parts.bracketed(host)}:{port}"), given)


def from_parts(host: str, port: int, database: str, login: tuple[str, str | None], more: Mapping[str, str]) -> str:
    """Build a URL from separate variables. Several hosts, separated by commas, share the same port."""
    begin = f"postgresql://{parts.login(*login)}@"
    path = f"/{quote(database, safe='')}?{urlencode(more)}"
    if host.startswith("/"):
        return f"{begin}{path}&host={quote(host, safe='/,')}&port={port}"
    return begin + ",".join(f"{parts.bracketed(one.strip())}:{port}" for one in host.split(",")) + path


def _is_for_the_driver(name: str, value: str) -> bool:
    if name in _OF_THE_DRIVER:
        return True
    if name in _HOLDFAST_S_OWN:
        return False
    if name not in _MEANS_NOTHING_WITH:
        raise ValueError(
            f"has an option {_shown(name)} that Holdfast does not know; settings of the server are written as "
            "options=-c%20name=value"
        )
    if value.lower() not in _MEANS_NOTHING_WITH[name]:
        raise ValueError(
            f"has an option {name} that asks for what the driver cannot do: take it out, "
            f"or write {' or '.join(_MEANS_NOTHING_WITH[name])}"
        )
    return False


def _shown(name: str) -> str:
    """Return an option's name if it looks like one. It could also be part of a password that contains an &."""
    return name if name.isascii() and name.replace("_", "").isalpha() and name.islower() and len(name) < 30 else "(…)"


def _system_roots() -> str:
    for path in (os.environ.get("SSL_CERT_FILE"), *_SYSTEM_ROOTS):
        if path and os.access(path, os.R_OK):
            return path
    raise ValueError("has sslrootcert=system, but this machine has no list of certificates: name a file")


def _check_roots(wanted: dict[str, str]) -> None:
    """Check for a root certificate. Without one, the driver would fail only when it connects."""
    if not wanted.get("sslmode", "").startswith("verify-") or wanted.get("sslrootcert"):
        return
    if os.environ.get("PGSSLROOTCERT"):
        return
    try:
        if (Path.home() / ".postgresql" / "root.crt").is_file():
            return
    except (OSError, RuntimeError):
        pass
    raise ValueError("has sslmode=verify-…, which needs sslrootcert=/path/to/ca.crt, or sslrootcert=system")
