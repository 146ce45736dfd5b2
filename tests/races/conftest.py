"""Engines that race: one in this process, or two in separate processes."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Protocol

import asyncpg
import pytest
from prometheus_client import REGISTRY

from holdfast.bootstrap.engine import Engine, open_engine
from races.calls import Answer, Call, perform_together
from races.engine_process import EngineProcess, engine_settings
from races.ledger import Ledger

LEAD_SECONDS = 0.05
"""From sending the calls to the start: long enough to create the tasks of a race."""


class Engines(Protocol):
    """Where a race runs."""

    @property
    def processes(self) -> int:
        """How many processes."""
        ...

    async def race(self, *lines: Sequence[Call]) -> list[Answer]:
        """Perform all calls at once, and return the results in the order of the calls.

        Each line is for one process, which takes the lines that fall to it in their order; a single line is
        dealt out to all processes in turn.
        """
        ...


class OneProcess:
    """All calls on one engine."""

    processes = 1

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    async def race(self, *lines: Sequence[Call]) -> list[Answer]:
        calls = [call for line in lines for call in line]
        return await perform_together(self.engine, calls, start_at=time.time() + LEAD_SECONDS)


class TwoProcesses:
    """Calls on two engines that do not know of each other."""

    processes = 2

    def __init__(self, processes: Sequence[EngineProcess]) -> None:
        self._engines = processes

    async def race(self, *lines: Sequence[Call]) -> list[Answer]:
        start_at = time.time() + 2 * LEAD_SECONDS
        dealt = [lines[0][0::2], lines[0][1::2]] if len(lines) == 1 else [*lines]
        assert len(dealt) == self.processes
        given = await asyncio.gather(
            *(process.race(calls, start_at=start_at) for process, calls in zip(self._engines, dealt, strict=True))
        )
        if len(lines) > 1:
            return [answer for answers in given for answer in answers]
        answers: list[Answer | None] = [None] * len(lines[0])
        answers[0::2], answers[1::2] = given
        return [answer for answer in answers if answer is not None]


@pytest.fixture(scope="session")
def engine_processes() -> Iterator[Callable[[], list[EngineProcess]]]:
    """Two processes, started when first needed and kept for the whole run."""
    started: list[EngineProcess] = []

    def start() -> list[EngineProcess]:
        if not started:
            started.extend(EngineProcess() for _ in range(2))
        return started

    yield start
    for process in started:
        process.stop()


@pytest.fixture
async def engine(database_url, redis_url) -> AsyncIterator[Engine]:
    """An engine in this process."""
    async with open_engine(engine_settings(database_url, redis_url)) as opened:
        yield opened


@pytest.fixture(params=["one process", "two processes"])
async def engines(request, database_url, redis_url, engine_processes) -> AsyncIterator[Engines]:
    """Where a race runs: each race is run with one engine and with two."""
    if request.param == "one process":
        async with open_engine(engine_settings(database_url, redis_url)) as opened:
            yield OneProcess(opened)
        return
    processes = engine_processes()
    await asyncio.gather(*(asyncio.to_thread(one.open, database_url, redis_url) for one in processes))
    yield TwoProcesses(processes)
    await asyncio.gather(*(asyncio.to_thread(one.close) for one in processes))


@pytest.fixture
async def ledger(database_url) -> AsyncIterator[Ledger]:
    """The database, on a separate connection."""
    connection = await asyncpg.connect(database_url)
    yield Ledger(database_url, connection)
    await connection.close()


@pytest.fixture
def counted() -> Callable[..., Callable[[], float]]:
    """Measure how far a metric of this process moves: `moved = counted(name); …; moved()`."""

    def value(name: str, labels: dict[str, str]) -> float:
        return REGISTRY.get_sample_value(name, labels) or 0.0

    def start(name: str, **labels: str) -> Callable[[], float]:
        before = value(name, labels)
        return lambda: value(name, labels) - before

    return start
