"""The files that nginx reads besides deploy/nginx.conf: its user, the nodes, its address, and the trusted proxies."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from holdfast.infrastructure.embedded.errors import EmbeddedError

NGINX_IDLE_SECONDS = 60
"""How long nginx keeps an idle connection to a node. A node keeps it longer, so that nginx always closes first."""

DRAIN_FOLDER = "drain"
"""The folder's path below nginx's working folder. It needs no quoting, because it is relative, whatever the folders
above it are called."""
_NODES_WITH_ANY_SET = 6
_LEFT_OUT_MAX = 2
"""If there are few nodes, any set of them may be left out. With more, there would be too many groups."""
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
    """A host (an address, or one of this machine's names) and a TCP port."""

    host: str
    port: int

    def __str__(self) -> str:
        """Return the address as written in URLs and in nginx's files."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def shared_file() -> Path:
    """Return deploy/nginx.conf, from the checkout or from an installed package.

    Raises:
        EmbeddedError: if neither has it.
    """
    package = Path(__file__).parents[2]
    for place in (package.parents[1] / "deploy" / "nginx.conf", package / "deploy" / "nginx.conf"):
        if place.is_file():
            return place
    raise EmbeddedError("deploy/nginx.conf is missing: run `make scale` in a checkout of Holdfast")


def process_part(user: str | None) -> str:
    """Return run/process.conf: the user of nginx's workers, who must be able to enter the run's folder."""
    return f"user {user};\n" if user else ""


def nodes_part(nodes: Sequence[Address]) -> str:
    """Return run/nodes.conf: all nodes, and for each set of nodes that can be left out, a group of the others."""
    parts = [_upstream("holdfast", nodes)]
    chosen = ["map $holdfast_left_out $holdfast_group {", "    default holdfast;"]
    few = len(nodes) <= _NODES_WITH_ANY_SET
    largest = len(nodes) - 1 if few else _LEFT_OUT_MAX
    for size in range(1, largest + 1):
        # If more nodes are left out than there are groups for, only the first of them are left out.
        begin = "" if few or size < largest else "~^"
        for left_out in combinations(range(1, len(nodes) + 1), size):
            name = "holdfast_without_" + "_".join(map(str, left_out))
            parts.append(_upstream(name, [node for number, node in enumerate(nodes, 1) if number not in left_out]))
            chosen.append(f'    "{begin}{"".join(map(_named, left_out))}" {name};')
    return "".join(parts) + "\n".join([*chosen, "}", ""])


def gateways_part(gateway_peers: Sequence[str]) -> str:
    """Return an addition to run/nodes.conf for AUTH_MODE=gateway: whose word for who the caller is passes on.

    Args:
        gateway_peers: Addresses and networks of the gateways, as in GATEWAY_PEERS.
    """
    believed = "\n".join(f"    {peer} 1;" for peer in gateway_peers)
    return f"""\
geo $realip_remote_addr $holdfast_believed {{
    default 0;
{believed}
}}
map $holdfast_believed $holdfast_user_id {{ 1 $http_x_user_id; }}
map $holdfast_believed $holdfast_user_roles {{ 1 $http_x_user_roles; }}
"""


GATEWAY_HEADERS = """\
proxy_set_header X-User-ID $holdfast_user_id;
proxy_set_header X-User-Roles $holdfast_user_roles;
"""
"""An addition to run/server.conf for AUTH_MODE=gateway. What nobody is to say is taken out of the request."""


def origins_part(allow_origins: str) -> str:
    """Return run/origins.conf: the origins that may read nginx's own error responses. The nodes have the same setting.

    Args:
        allow_origins: `*`, or origins separated by commas. Entries that are not origins are dropped: no page sends
            them.
    """
    origins = [origin.strip() for origin in allow_origins.split(",")]
    if "*" in origins:
        # A request without an Origin gets no CORS header.
        return 'default *;\n"" "";\n'
    sound = dict.fromkeys(origin for origin in origins if _ORIGIN.fullmatch(origin))
    return "".join(f'"{origin}" $http_origin;\n' for origin in sound)


def server_part(listen: Address, nodes: Sequence[Address], trusted_proxies: Sequence[str]) -> str:
    """Return run/server.conf: the address, the trusted proxies, and which nodes are left out.

    A file `drain/<number of the node>` in nginx's working folder takes effect with the next request. Reloading nginx
    instead would cut clients' idle connections, possibly just as a request is on its way over one of them. If there
    are several such files, none of their nodes gets requests, as long as one node remains.
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
