"""The composition root of an API process."""

import gc
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from functools import partial

import uvloop

from holdfast.api.app import build_app
from holdfast.application.identity.identity import Identity
from holdfast.application.identity.signing_in.sign_in import SignIns
from holdfast.application.lifecycle.readiness import Draining, Probe, Readiness
from holdfast.application.lifecycle.shutdown import Deadline
from holdfast.bootstrap.admission import open_admission
from holdfast.bootstrap.cells import Node, open_node
from holdfast.bootstrap.identity import open_identity, recording_key_uses
from holdfast.bootstrap.pages import build_pages
from holdfast.bootstrap.process import end_by_force, reporting, set_up_logging
from holdfast.http.endpoints.endpoint import PROBES
from holdfast.http.endpoints.paths import PathTable
from holdfast.http.protocol.watch import raise_files_max
from holdfast.http.server import NodeServer
from holdfast.http.turns import Turns
from holdfast.infrastructure.readiness import open_probes, part_of
from holdfast.settings import Settings
from holdfast.telemetry import processes
from holdfast.telemetry.exposition import Account, exposition
from holdfast.worker.metrics_server import metrics_server


@asynccontextmanager
async def application(
    settings: Settings,
    draining: Draining | None = None,
    deadline: Deadline | None = None,
    turns: Turns | None = None,
) -> AsyncIterator[PathTable]:
    """Provide the API, ready to answer. Once `draining` has begun, it reports that it is not ready."""
    processes_in_use = (lambda: 1) if turns is None else turns.processes_in_use
    deadline = deadline or Deadline(settings.shutdown_seconds)
    # Where callers are known, how an event sells is not for everybody. A node without a port of its own does not lead:
    # nobody would see the series of events.
    async with (
        open_node(settings, process="api", deadline=deadline, processes_in_use=processes_in_use) as node,
        reporting(settings, process="api", deadline=deadline, leads=settings.is_open or settings.metrics_port > 0),
        _own_metrics(settings),
        open_identity(settings, process="api", deadline=deadline, in_cells=node.identity_reads) as identity,
        open_admission(settings, identity, node.home.sign_in_tries) as (admission, sign_ins),
        recording_key_uses(identity),
        _probes(settings, node) as probes,
    ):
        draining = draining or Draining()
        draining.at_the_end(node.end_streams)
        draining.at_last(node.give_up)
        of_cells = [part_of(cell.number) for cell in settings.all_cells()]
        readiness = Readiness(probes, draining, one_suffices=of_cells)
        capabilities = {**node.by_type, Identity: identity, SignIns: sign_ins}
        public = partial(exposition, of_events=settings.is_open)
        pages = build_pages(capabilities, settings, identity, node.routing)
        yield build_app(
            capabilities,
            settings,
            admission,
            exposition=public,
            readiness=readiness,
            pages=pages,
            routing=node.routing,
        )


def serve(settings: Settings, listen_fd: int | None = None, turns: Turns | None = None) -> None:
    """Run one API process until SIGTERM or SIGINT. Requests under way are finished.

    Args:
        settings: The settings.
        listen_fd: The file descriptor of a socket that is already listening; None to listen on HOST and PORT.
        turns: Distributes connections among the processes that share the socket; None if this is the only one.
    """
    set_up_logging(settings)
    uvloop.run(_serve(settings, listen_fd, turns))


def _own_metrics(settings: Settings) -> AbstractAsyncContextManager[object]:
    """Serve all metrics on a port of their own, if there is one."""
    if not settings.metrics_port:
        return nullcontext()
    return metrics_server(
        settings.metrics_host,
        settings.metrics_port,
        Account(exposition).give,
        variables="METRICS_HOST and METRICS_PORT",
        shared=processes.folder() is not None,
    )


def _probes(settings: Settings, node: Node) -> AbstractAsyncContextManager[dict[str, Probe]]:
    redis_url = None if settings.redis_url is None else settings.redis_url.get_secret_value()
    return open_probes(settings.all_cells(), redis_url, overflowing=node.overflowing)


async def _serve(settings: Settings, listen_fd: int | None, turns: Turns | None) -> None:
    raise_files_max()
    draining = Draining()
    deadline = Deadline(settings.shutdown_seconds, when_over=end_by_force)
    async with application(settings, draining, deadline, turns) as app:
        _calm_garbage_collection()
        server = NodeServer(app, settings, draining, deadline, probes=PROBES)
        listeners = [] if listen_fd is None else [socket.socket(fileno=listen_fd)]
        await server.serve(listeners, turns)
    if not server.started:
        sys.exit(1)


def _calm_garbage_collection() -> None:
    """Exempt everything created at start from garbage collection, and collect less often.

    Requests leave few cycles behind. With the default thresholds, looking for them took a third of the CPU.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
