"""The address a run listens on: whether it is free, and its URL."""

import errno
import socket
import time

from holdfast.infrastructure.embedded import EmbeddedError
from holdfast.settings import Settings

EVERY_ADDRESS = "::"
_PORT_WAIT_SECONDS = 1.0


def require_free_port(host: str, port: int) -> None:
    """Check that the API can listen, before anything is started.

    Raises:
        EmbeddedError: if it cannot; the message says why.
    """
    deadline = time.monotonic() + _PORT_WAIT_SECONDS
    while True:
        try:
            with listening_socket(host, port):
                return
        except OSError as error:
            if (error.errno or 0) < 0 or error.errno == errno.EADDRNOTAVAIL:  # below 0: the name is unknown
                raise EmbeddedError(f"HOST: {host} is not an address of this machine") from None
            if time.monotonic() > deadline:
                raise EmbeddedError(_port_complaint(host, port, error)) from None
        time.sleep(0.1)  # an earlier run may be just ending


def listening_socket(host: str, port: int, *, backlog: int = 1) -> socket.socket:
    """Listen on an address. `::` means every address of this machine, including IPv4 ones.

    Raises:
        OSError: the system's error.
    """
    if host == EVERY_ADDRESS and socket.has_dualstack_ipv6():
        return socket.create_server((host, port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=backlog)
    return socket.create_server((host, port), family=_family(host), backlog=backlog)


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _port_complaint(host: str, port: int, error: OSError) -> str:
    if isinstance(error, PermissionError):
        return f"PORT: {port} needs more rights than this user has: choose one from 1024 on, such as PORT=8080"
    if error.errno == errno.EADDRINUSE:
        return f"PORT: {port} of {host} is in use: end what uses it, or choose another, as in PORT={port + 1}"
    return f"HOST and PORT: cannot listen on {host} port {port}: {error.strerror or error}"


def page(settings: Settings, path: str) -> str:
    """Return the URL of a page, for a program on this machine."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104 - compared only
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}{path}"
