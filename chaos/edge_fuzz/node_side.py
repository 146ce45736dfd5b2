"""The node as the reader under test: its server in a separate process, observed from outside."""

import asyncio
import signal
import socket
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import msgspec
import psutil

from chaos.edge_fuzz import served
from chaos.edge_fuzz.reading import Reading
from holdfast.infrastructure.embedded.folder import private_folder
from holdfast.infrastructure.embedded.process import Child, wait_until

_START_SECONDS = 30.0


class NodeSide:
    """The node's server in a separate process, and what its application received, by client port."""

    def __init__(self, folder: Path, command: Sequence[str] = ()) -> None:
        """Describe it.

        Args:
            folder: Its private folder.
            command: Another server to test instead; it gets the folder as its last argument.
        """
        self.readings: defaultdict[int, list[Reading]] = defaultdict(list)
        self._folder = private_folder(folder)
        self._log = self._folder / "node.log"
        program = list(command) or [sys.executable, "-m", "chaos.edge_fuzz.served"]
        self._child = Child(
            "node", [*program, str(self._folder)], log_path=self._log, work_dir=Path(__file__).parents[2]
        )
        self._told: socket.socket | None = None
        self._decoder = msgspec.json.Decoder(tuple[int, Reading])
        self._data = bytearray()
        self.port = 0

    async def start(self) -> None:
        """Start it and wait for its port."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
            listener.bind(str(self._folder / served.READINGS))
            listener.listen(1)
            await self._started(listener)
        assert self._told is not None
        asyncio.get_running_loop().add_reader(self._told, self.gather)

    async def _started(self, listener: socket.socket) -> None:
        self._child.start()
        port = self._folder / served.PORT
        if (
            not await asyncio.to_thread(wait_until, lambda: port.exists() or not self._child.alive, _START_SECONDS)
            or not port.exists()
        ):
            raise RuntimeError(f"the node does not start: {self._child.log_tail(3)}")
        self.port = int(port.read_text())
        self._told, _ = listener.accept()
        self._told.settimeout(0.0)

    def gather(self) -> None:
        """Collect the readings. Each is reported before its answer, so all answered requests are included."""
        assert self._told is not None
        try:
            while piece := self._told.recv(1 << 20):
                self._data += piece
        except BlockingIOError:
            pass
        *lines, rest = self._data.split(b"\n")
        self._data = rest
        for line in lines:
            port, reading = self._decoder.decode(line)
            self.readings[port].append(reading)

    @property
    def alive(self) -> bool:
        """Whether its process is running."""
        return self._child.alive

    @property
    def memory_mib(self) -> float:
        """Resident memory."""
        return float(psutil.Process(self._child.pid).memory_info().rss / 2**20)

    def tracebacks(self) -> int:
        """How many uncaught errors are in its log."""
        return self._log.read_bytes().count(b"Traceback")

    async def end(self) -> None:
        """End it."""
        if self._told is not None:
            asyncio.get_running_loop().remove_reader(self._told)
            self._told.close()
        await asyncio.to_thread(lambda: self._child.end((signal.SIGTERM, 1.0)))
