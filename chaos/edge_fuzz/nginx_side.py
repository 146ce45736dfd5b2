"""nginx as the other reader: it gets the same bytes and forwards what it reads to a server that records it."""

import asyncio
import os
import pwd
import signal
import socket
from collections import defaultdict
from pathlib import Path

from chaos.edge_fuzz.reading import Reading, reading_of
from holdfast.infrastructure.embedded.folder import private_folder
from holdfast.infrastructure.embedded.nginx import nginx_program
from holdfast.infrastructure.embedded.process import Child, wait_until

# These settings make nginx as lenient as possible, so that the node is the stricter of the two:
#   ignore_invalid_headers off   nginx would silently drop fields with unusual names, and the readings would differ
#   underscores_in_headers on    likewise
#   large_client_header_buffers  nginx would refuse fields above 8 KiB, which the node need not
#   proxy_ignore_client_abort    a client that has sent its last byte still gets its answers
#   merge_slashes off            the path is forwarded unchanged
_CONFIG = """\
{user}worker_processes 1;
pid nginx.pid;
error_log error.log crit;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path body-temp;
    proxy_temp_path proxy-temp;
    fastcgi_temp_path fastcgi-temp;
    uwsgi_temp_path uwsgi-temp;
    scgi_temp_path scgi-temp;
    ignore_invalid_headers off;
    underscores_in_headers on;
    client_header_buffer_size 16k;
    large_client_header_buffers 16 128k;
    client_body_buffer_size 1m;
    client_max_body_size 1m;
    client_header_timeout 8s;
    client_body_timeout 8s;
    keepalive_timeout 8s;
    lingering_close off;
    merge_slashes off;
    upstream reader {{ server unix:{upstream}; keepalive 64; }}
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location / {{
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $http_host;
            proxy_set_header X-Fuzz-Port $remote_port;
            proxy_set_header X-Fuzz-Host $host;
            proxy_set_header X-Fuzz-Version $server_protocol;
            proxy_ignore_client_abort on;
            proxy_pass http://reader;
        }}
    }}
}}
"""
_START_SECONDS = 10.0
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


class Noted(asyncio.Protocol):
    """The server behind nginx. What nginx forwards is well-formed, so a few lines can parse it."""

    def __init__(self, readings: defaultdict[int, list[Reading]], open_ones: set[asyncio.Transport]) -> None:
        self._readings = readings
        self._open_ones = open_ones
        self._data = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # what a stream gets
        """Keep the connection."""
        self._transport = transport
        self._open_ones.add(transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Forget it."""
        if self._transport is not None:
            self._open_ones.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        """Record every complete request."""
        assert self._transport is not None
        self._data += data
        while (end := self._data.find(b"\r\n\r\n")) >= 0:
            first, *lines = bytes(self._data[:end]).split(b"\r\n")
            method, _, rest = first.partition(b" ")
            pairs = [(name.lower(), value.strip()) for name, _, value in (line.partition(b":") for line in lines)]
            headers = dict(pairs)
            whole = end + 4 + int(headers.get(b"content-length", b"0"))
            if len(self._data) < whole:
                return
            body = bytes(self._data[end + 4 : whole])
            del self._data[:whole]
            target = rest.rpartition(b" ")[0]
            port = int(headers[b"x-fuzz-port"])
            authority = headers.get(b"x-fuzz-host", b"").decode("latin-1")
            # For a request without a version nginx has no protocol, and it omits empty fields.
            version = headers.get(b"x-fuzz-version", b"HTTP/0.9").decode("latin-1")
            reading = reading_of(method.decode("latin-1"), target, pairs, body, authority=authority, version=version)
            self._readings[port].append(reading)
            self._transport.write(_ANSWER)


class NginxSide:
    """nginx, and what it read, by client port."""

    def __init__(self, folder: Path, port: int) -> None:
        self.port = port
        self.readings: defaultdict[int, list[Reading]] = defaultdict(list)
        self._folder = private_folder(folder)
        self._child: Child | None = None
        self._server: asyncio.Server | None = None
        self._open_ones: set[asyncio.Transport] = set()

    async def start(self) -> None:
        """Start both."""
        loop = asyncio.get_running_loop()
        upstream = self._folder / "reader"
        self._server = await loop.create_unix_server(lambda: Noted(self.readings, self._open_ones), str(upstream))
        user = f"user {pwd.getpwuid(os.geteuid()).pw_name};\n" if os.geteuid() == 0 else ""
        config = self._folder / "nginx.conf"
        config.write_text(_CONFIG.format(user=user, upstream=upstream, port=self.port))
        command = [
            str(nginx_program()),
            "-p",
            f"{self._folder}/",
            "-c",
            str(config),
            "-e",
            "stderr",
            "-g",
            "daemon off;",
        ]
        self._child = Child(
            "nginx",
            command,
            log_path=self._folder / "nginx.log",
            death_signal=signal.SIGTERM,
            work_dir=self._folder,
        )
        await asyncio.to_thread(self._child.start)
        if not await asyncio.to_thread(wait_until, self._answers, _START_SECONDS):
            raise RuntimeError(f"nginx does not start: {self._child.log_tail(3)}")

    @property
    def alive(self) -> bool:
        """Whether nginx runs."""
        return self._child is not None and self._child.alive

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 1.0).close()
        except OSError:
            return False
        return True

    async def end(self) -> None:
        """End both."""
        if self._child is not None:
            child = self._child
            await asyncio.to_thread(lambda: child.end((signal.SIGTERM, 3.0)))
        if self._server is not None:
            self._server.close()
        for transport in list(self._open_ones):
            transport.abort()
        await asyncio.sleep(0)
