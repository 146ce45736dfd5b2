"""nginx in front of nodes: of stand-ins that remember what they get, or of a whole `holdfast scale`."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from chaos.site.ports import quiet_port

from holdfast.infrastructure.embedded import EmbeddedError
from holdfast.infrastructure.embedded.nginx import EmbeddedNginx, nginx_program
from holdfast.infrastructure.embedded.nginx_config import Address
from scale.running_scale import RunningScale
from scale.stand_in import StandIn, stand_in


def pytest_collection_modifyitems(items):
    try:
        nginx_program()
    except EmbeddedError as missing:
        for item in items:
            if Path(__file__).parent in item.path.parents:
                item.add_marker(pytest.mark.skip(reason=str(missing)))


class Front:
    """nginx and the stand-ins behind it."""

    def __init__(self, port: int, nodes: list[StandIn], nginx: EmbeddedNginx) -> None:
        self.port = port
        self.nodes = nodes
        self.nginx = nginx

    @property
    def seen(self) -> list[dict[str, str]]:
        return [request for node in self.nodes for request in node.seen]


@pytest.fixture
def front() -> Callable:
    """Put nginx in front of stand-ins: `async with front(2, trusted_proxies=["10.0.0.0/8"]) as running`."""

    @asynccontextmanager
    async def open_front(nodes: int = 1, **options) -> AsyncIterator[Front]:
        async with AsyncExitStack() as stack:
            behind = [await stack.enter_async_context(stand_in()) for _ in range(nodes)]
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="holdfast-"))
            port = quiet_port()
            nginx = EmbeddedNginx(
                Path(folder),
                listen=Address("127.0.0.1", port),
                nodes=[Address("127.0.0.1", node.port) for node in behind],
                **options,
            )
            await asyncio.to_thread(nginx.start)
            try:
                yield Front(port, behind, nginx)
            finally:
                await asyncio.to_thread(nginx.stop, seconds=0.2)

    return open_front


@pytest.fixture(scope="module")
def scale() -> Iterator[RunningScale]:
    """A whole `holdfast scale`, for the tests of a file."""
    folder = Path(tempfile.mkdtemp(prefix="holdfast-"))
    running = RunningScale(folder / "data")
    try:
        yield running.ready()
    finally:
        running.kill()
        shutil.rmtree(folder, ignore_errors=True)
