"""Two real cells on this machine, each with a PostgreSQL of its own."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import msgspec

from holdfast.bench.failure import LoadError
from holdfast.bench.server import Server
from holdfast.infrastructure.embedded.errors import EmbeddedError
from holdfast.infrastructure.embedded.folder import free_port
from holdfast.infrastructure.embedded.postgres import EmbeddedPostgres
from onsale.validate.real import DATA, Installation, installation

_READY_SECONDS = 30.0
_PROBE_SECONDS = 0.1


@contextmanager
def two_cells() -> Iterator[Installation]:
    """Start an installation, make a second PostgreSQL its cell 1, and start a node that knows both.

    Raises:
        LoadError: It does not start, or new events do not go to both cells.
    """
    with installation() as one, tempfile.TemporaryDirectory(prefix="cell-", dir=DATA) as folder:
        second = EmbeddedPostgres(Path(folder))
        try:
            second.start()
        except EmbeddedError as error:
            raise LoadError(f"the second PostgreSQL does not start: {error}") from None
        try:
            port = free_port()
            environment = _environment(one, second.url, port)
            _add_cell(environment)
            with _node(environment, port) as pid, closing(Server(f"http://127.0.0.1:{port}", "two cells")) as server:
                _check_both_are_used(server)
                roles = {**one.roles, "server": [pid], "PostgreSQL": [*one.roles["PostgreSQL"], second.pid]}
                yield replace(one, server=server, roles=roles)
        finally:
            second.stop()


def _environment(one: Installation, second_url: str, port: int) -> Mapping[str, str]:
    return {
        **os.environ,
        "DATABASE_URL": one.stack.database_url,
        "REDIS_URL": one.stack.address("Redis") or "",
        "CELLS": msgspec.json.encode({"1": {"url": second_url}}).decode(),
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "APP_ENV": "production",
        "AUTH_MODE": "open",
        "PAGES": "false",
        "LOG_LEVEL": "WARNING",
    }


def _add_cell(environment: Mapping[str, str]) -> None:
    command = [sys.executable, "-m", "holdfast", "cells", "add", "1"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - ourselves
    if done.returncode:
        raise LoadError(f"holdfast cells add: {' '.join((done.stderr or done.stdout).split())[-300:]}")


@contextmanager
def _node(environment: Mapping[str, str], port: int) -> Iterator[int]:
    command = [sys.executable, "-m", "holdfast", "serve"]
    node = subprocess.Popen(command, env=environment)  # noqa: S603 - ourselves
    try:
        end = time.monotonic() + _READY_SECONDS
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=5, trust_env=False) as client:
            while not _is_ready(client):
                if time.monotonic() > end or node.poll() is not None:
                    raise LoadError("a node with two cells does not start")
                time.sleep(_PROBE_SECONDS)
        yield node.pid
    finally:
        node.terminate()
        node.wait()


def _is_ready(client: httpx.Client) -> bool:
    try:
        return client.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False


def _check_both_are_used(server: Server) -> None:
    """Make an event in each cell. Its number stands in the 12 bits after the version of their ids."""
    cells = {int(server.make_event(10).id.replace("-", "")[13:16], 16) for _ in range(2)}
    if cells != {0, 1}:
        raise LoadError(f"two new events went to the cells {sorted(cells)}")
