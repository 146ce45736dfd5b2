"""What nginx reads beside deploy/nginx.conf: whom it runs as, the nodes, where it listens, whom it trusts."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from holdfast.infrastructure.embedded.errors import EmbeddedError

NGINX_IDLE_SECONDS = 60
"""How long nginx keeps an idle connection to a node; a node keeps it longer, so that it never closes first."""

DRAIN_FOLDER = "drain"
"""Below the working folder: a relative path needs no quoting, whatever the folder above is called."""
_NODES_WITH_ANY_SET = 6
_LEFT_OUT_MAX = 2
"""Every set of nodes may be left out where they are few; else there would be too many groups."""
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[A-Za-z0-9.:_\[\]-]+")

_UPSTREAM = """\
upstream {name} {{
    zone {name} 64k;
    least_conn;
{servers}
    keepalive 64;
    keepalive_requests 1000000;
    keepalive_timeout {idle_seconds}s;
}}
"""


@dataclass(frozen=True, slots=True)
class Address:
    """A host (an address, or a name of this machine) and a TCP port."""

    host: str
    port: int

    def __str__(self) -> str:
        """As it stands in a URL, and in nginx' files."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def shared_file() -> Path:
    """deploy/nginx.conf: of the checkout, else the copy inside an installed package.

    Raises:
        EmbeddedError: It is in neither.
    """
    package = Path(__file__).parents[2]
    for place in (package.parents[1] / "deploy" / "nginx.conf", package / "deploy" / "nginx.conf"):
        if place.is_file():
            return place
    raise EmbeddedError("deploy/nginx.conf is missing: run `make scale` in a checkout of Holdfast")


def process_part(user: str | None) -> str:
    """run/process.conf: the user of nginx' workers, who must be able to enter the run's folder."""
    return f"user {user};\n" if user else ""


def nodes_part(nodes: Sequence[Address]) -> str:
    """run/nodes.conf: all nodes, and for each set of nodes that may be left out at a time a group of the others."""
    parts = [_upstream("holdfast", nodes)]
    chosen = ["map $holdfast_left_out $holdfast_group {", "    default holdfast;"]
    few = len(nodes) <= _NODES_WITH_ANY_SET
    largest = len(nodes) - 1 if few else _LEFT_OUT_MAX
    for size in range(1, largest + 1):
        # Where more are left out than there are groups for, the first of them are.
        begin = "" if few or size < largest else "~^"
        for left_out in combinations(range(1, len(nodes) + 1), size):
            name = "holdfast_without_" + "_".join(map(str, left_out))
            parts.append(_upstream(name, [node for number, node in enumerate(nodes, 1) if number not in left_out]))
            chosen.append(f'    "{begin}{"".join(map(_named, left_out))}" {name};')
    return "".join(parts) + "\n".join([*chosen, "}", ""])


def origins_part(allow_origins: str) -> str:
    """run/origins.conf: whose pages may read what nginx itself answers; the nodes have the same setting.

    Args:
        allow_origins: `*`, or origins separated by commas. What is no origin is left out: no page has it.
    """
    origins = [origin.strip() for origin in allow_origins.split(",")]
    if "*" in origins:
        # Without an Origin nothing is said.
        return 'default *;\n"" "";\n'
    sound = dict.fromkeys(origin for origin in origins if _ORIGIN.fullmatch(origin))
    return "".join(f'"{origin}" $http_origin;\n' for origin in sound)


def server_part(listen: Address, nodes: Sequence[Address], trusted_proxies: Sequence[str]) -> str:
    """run/server.conf: where to listen, whose X-Forwarded-For to believe, and which nodes are to be left out.

    A file `drain/<number of the node>` in nginx' working folder takes effect with the next request. A reload of nginx
    would cut idle connections of clients, just when a request may be on its way over one of them. With several files
    none of their nodes gets anything, as long as one is left.
    """
    both = " ipv6only=off" if listen.host == "::" else ""
    lines = [f"listen {listen}{both} backlog=4096;"]
    lines += [f"set_real_ip_from {proxy};" for proxy in trusted_proxies]
    lines += ['set $holdfast_left_out "";']
    for number in range(1, len(nodes) + 1):
        named = f'"${{holdfast_left_out}}{_named(number)}"'
        lines.append(f"if (-f {DRAIN_FOLDER}/{number}) {{ set $holdfast_left_out {named}; }}")
    lines += ["set $holdfast_nodes $holdfast_group;"]
    return "\n".join(lines) + "\n"


def _named(number: int) -> str:
    return f"<{number}>"


def _upstream(name: str, nodes: Sequence[Address]) -> str:
    servers = "\n".join(f"    server {node} max_fails=2 fail_timeout=2s;" for node in nodes)
    return _UPSTREAM.format(name=name, servers=servers, idle_seconds=NGINX_IDLE_SECONDS)
