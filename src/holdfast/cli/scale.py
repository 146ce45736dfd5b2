"""`holdfast scale`: several API nodes behind nginx, with everything they need, on one machine."""

from dataclasses import dataclass
from pathlib import Path

from holdfast.cli.addresses import page, require_free_port
from holdfast.cli.console import say, step, tell
from holdfast.cli.programs import prepare_database, program, start_servers, wait_for_answer
from holdfast.cli.rolling_restart import Node, RollingRestart, running_lock
from holdfast.cli.run import print_addresses
from holdfast.infrastructure.embedded.folder import free_port, private_folder
from holdfast.infrastructure.embedded.nginx import EmbeddedNginx, nginx_program
from holdfast.infrastructure.embedded.nginx_config import Address
from holdfast.infrastructure.embedded.stop_signals import StopRequestedError, StopSignals
from holdfast.infrastructure.embedded.supervisor import FRONT_SECONDS, SERVERS_SECONDS, Supervisor
from holdfast.settings import Settings

_LOOPBACK = "127.0.0.1"
_DRAIN_SECONDS = 0.3
"""How long a node drains after nginx has stopped sending to it. This covers what nginx had just accepted."""


@dataclass
class _Request:
    """Whether a rolling restart has been requested, possibly before anything runs."""

    made: bool = False

    def make(self) -> None:
        self.made = True


def scale_out(settings: Settings, end_with: int | None = None, *, show_urls: bool = False) -> int:
    """Start everything, print the addresses, and run until asked to stop; return the exit code.

    SIGHUP or SIGUSR1 restarts the nodes one after another.

    Args:
        settings: The settings of the run. Servers given by URL are used; the others are embedded.
        end_with: The process id of a parent with which this run ends.
        show_urls: Whether to print passwords even into a file.

    Raises:
        EmbeddedError: if something cannot be started.
    """
    request = _Request()
    stop = StopSignals(end_with, hang_up=request.make)
    supervisor = Supervisor(shutdown_seconds=settings.shutdown_seconds, tell=tell)
    try:
        nginx_program()
        require_free_port(settings.host, settings.port)
        data_dir = private_folder(settings.holdfast_data_dir)
        with running_lock(data_dir):
            effective = start_servers(settings, supervisor, nodes=settings.nodes)
            prepare_database(effective, embedded=settings.database_url is None)
            nodes = _start_nodes(effective, supervisor)
            front = _start_nginx(effective, nodes, data_dir, supervisor)
            rolling = RollingRestart(nodes, front, supervisor, data_dir)
            stop.settle()
            addresses = ((node.name, node.url("")) for node in nodes)
            print_addresses(effective, settings, *addresses, show_urls=show_urls)
            sound = supervisor.watch(stop, lambda: rolling.go_on(request))
        say("Stopping")
    except StopRequestedError:
        sound = True
    finally:
        stop.settle()
        supervisor.end()
    say("Stopped")
    return 0 if sound else 1


def _start_nodes(settings: Settings, supervisor: Supervisor) -> list[Node]:
    nodes = []
    taken: set[int] = set()
    with step(f"Starting {settings.nodes} API nodes and the worker"):
        for number in range(1, settings.nodes + 1):
            port = _node_port(settings.port + number, taken)
            nodes.append(_node(settings, number, port))
            supervisor.start_program(nodes[-1].program)
        worker = program("The worker", "work", "worker.log", settings, {})
        supervisor.start_program(worker)
        for node in nodes:
            wait_for_answer(node.url("/readyz"), [node.program, worker])
    return nodes


def _node(settings: Settings, number: int, port: int) -> Node:
    seconds = settings.shutdown_seconds - SERVERS_SECONDS - FRONT_SECONDS
    environment = {
        "HOST": _LOOPBACK,
        "PORT": str(port),
        "TRUSTED_PROXIES": _LOOPBACK,
        "DRAIN_SECONDS": str(_DRAIN_SECONDS),
        "SHUTDOWN_SECONDS": str(max(1.0, seconds)),
    }
    if settings.auth_mode == "gateway":
        # Only nginx connects to a node, and it passes on nobody's word but that of the gateways.
        environment["GATEWAY_PEERS"] = _LOOPBACK
    name = f"Node {number}"
    child = program(name, "serve", f"node-{number}.log", settings, environment)
    return Node(number, Address(_LOOPBACK, port), child)


def _node_port(wanted: int, taken: set[int]) -> int:
    """Return the wanted port if it is free, otherwise any, if possible below the ports of outgoing connections."""
    port = free_port(wanted if wanted <= 65_535 else None)
    while port in taken:
        port = free_port()
    taken.add(port)
    return port


def _start_nginx(settings: Settings, nodes: list[Node], data_dir: Path, supervisor: Supervisor) -> EmbeddedNginx:
    front = EmbeddedNginx(
        data_dir,
        listen=Address(settings.host, settings.port),
        nodes=[node.address for node in nodes],
        trusted_proxies=[name for name in settings.trusted_proxies.split(",") if name],
        allow_origins=settings.cors_allow_origins,
        gateway_peers=settings.gateway_peers.split(",") if settings.auth_mode == "gateway" else None,
    )
    with step("Starting nginx"):
        supervisor.start_front(front)
        wait_for_answer(page(settings, "/health"), [node.program for node in nodes])
    return front
