"""A process with its own engine, controlled through pipes: one line of JSON per request and per response.

As a program it is that process; imported it gives `EngineProcess`, which starts one.
"""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

from holdfast.bootstrap.engine import open_engine
from holdfast.settings import Settings
from races.calls import Answer, Call, answer_from, call_from, perform_together, to_json


def engine_settings(database_url: str, redis_url: str | None, **more: Any) -> Settings:
    """Return the settings of an engine in a race: on a busy machine Redis must not look dead."""
    values: dict[str, Any] = {
        "database_url": database_url,
        "redis_url": redis_url,
        "redis_call_seconds": 2.0,
        "lock_seconds": 60.0,  # a lock that is not released should be noticed
        "queue_wait_seconds_max": 20.0,
        "batch_seconds_max": 30.0,
    }
    return Settings(**values | more)


class EngineProcess:
    """Another process on the same machine that sells the same seats."""

    def __init__(self) -> None:
        folders = [str(Path(__file__).parent.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "races.engine_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(folders)},
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def open(self, database_url: str, redis_url: str | None) -> None:
        """Open an engine; the previous one is closed."""
        self._ask({"do": "open", "database_url": database_url, "redis_url": redis_url})

    def close(self) -> None:
        """Close the engine."""
        self._ask({"do": "close"})

    async def race(self, calls: Sequence[Call], *, start_at: float) -> list[Answer]:
        """Perform calls at once (see `perform_together`)."""
        request = {"do": "race", "start_at": start_at, "calls": [to_json(call) for call in calls]}
        answers = await asyncio.to_thread(self._ask, request)
        return [answer_from(answer) for answer in answers]

    def stop(self) -> None:
        """Stop the process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with suppress(BrokenPipeError):  # it has stopped already
            self._process.stdin.close()
        self._process.wait(timeout=20)
        self._process.stdout.close()

    def _ask(self, request: dict[str, Any]) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        line = self._process.stdout.readline()
        assert line, f"the engine process {self.pid} has ended with {self._process.poll()}"
        return json.loads(line)


async def _serve_lines() -> None:
    loop = asyncio.get_running_loop()
    async with AsyncExitStack() as process:
        opened = await process.enter_async_context(AsyncExitStack())
        engine = None
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            request = json.loads(line)
            answer: Any = None
            if request["do"] == "race":
                assert engine is not None
                calls = [call_from(fields) for fields in request["calls"]]
                answers = await perform_together(engine, calls, start_at=request["start_at"])
                answer = [to_json(one) for one in answers]
            else:
                await opened.aclose()
            if request["do"] == "open":
                settings = engine_settings(request["database_url"], request["redis_url"])
                engine = await opened.enter_async_context(open_engine(settings))
            print(json.dumps(answer), flush=True)  # noqa: T201 - the pipe


if __name__ == "__main__":
    from holdfast.telemetry.logging import configure_logging

    configure_logging("production", "CRITICAL")
    asyncio.run(_serve_lines())
