"""What nginx reads beside deploy/nginx.conf: whom it runs as, the nodes, where it listens, whom it trusts."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from holdfast.infrastructure.embedded.errors import EmbeddedError

NGINX_IDLE_SECONDS = 60
"""How long nginx keeps an idle connection to a node; a node keeps it longer, so that it never closes first."""

_UPSTREAM = """\
upstream {name} {{
    zone {name} 256k;
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
    """run/nodes.conf: all nodes, and for each one the others, who take its share while it drains."""
    groups = {"holdfast": list(nodes)}
    if len(nodes) > 1:
        for number, drained in enumerate(nodes, 1):
            groups[f"holdfast_without_{number}"] = [node for node in nodes if node != drained]
    return "".join(_upstream(name, members) for name, members in groups.items())


def server_part(listen: Address, nodes: Sequence[Address], trusted_proxies: Sequence[str], drain_folder: Path) -> str:
    """run/server.conf: where to listen, whose X-Forwarded-For to believe, and which node is to be left out.

    A file `<drain_folder>/<number of the node>` takes effect with the next request. A reload of nginx would cut idle
    connections of clients, just when a request may be on its way over one of them.
    """
    lines = [f"listen {listen} backlog=4096;"]
    lines += [f"set_real_ip_from {proxy};" for proxy in trusted_proxies]
    lines += ["set $holdfast_nodes holdfast;"]
    if len(nodes) > 1:
        for number in range(1, len(nodes) + 1):
            mark = quoted(drain_folder / str(number))
            lines.append(f"if (-f {mark}) {{ set $holdfast_nodes holdfast_without_{number}; }}")
    return "\n".join(lines) + "\n"


def quoted(path: Path) -> str:
    """A path as one word of nginx' files.

    Raises:
        EmbeddedError: nginx cannot be told such a path.
    """
    text = str(path)
    if any(character in text for character in '$"\\\n\r'):
        raise EmbeddedError(f'HOLDFAST_DATA_DIR: nginx takes no path with $, ", \\ or line breaks: {text!r}')
    return f'"{text}"'


def _upstream(name: str, nodes: Sequence[Address]) -> str:
    servers = "\n".join(f"    server {node} max_fails=2 fail_timeout=2s;" for node in nodes)
    return _UPSTREAM.format(name=name, servers=servers, idle_seconds=NGINX_IDLE_SECONDS)
