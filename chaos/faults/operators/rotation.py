"""nginx's rotation: nodes that are taken out stay out, and a node that does not become ready is not put back."""

import asyncio
import contextlib
import re
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from chaos.buyers.caller import Caller, Target
from chaos.buyers.load import Habits, Load, answers, until
from chaos.site.whole_run import CHECKOUT, WholeRun, whole_run
from chaos.trial import Trial, fault
from holdfast.infrastructure.embedded.folder import private_folder

_SQUATTED_SECONDS = 4.0
_CALM = Habits(pause_seconds=0.03)
_NOT_READY = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@fault(
    "two-nodes-left-out",
    "operators",
    injection="two of three nodes are left out of nginx' rotation, one after the other, and stopped (SIGSTOP) for 2 s",
    expected="not one request fails or waits: every one goes to the third",
    invariants="all",
    quick=True,
)
async def _two_nodes_left_out(trial: Trial) -> None:
    front, stopped = trial.site.front, trial.site.nodes[:2]
    assert front is not None
    async with trial.load(habits=_CALM) as load:
        try:
            for number in (1, 2):
                front.leave_out(number)
            await asyncio.sleep(0.7)
            before = [await _reservations_asked(node.address) for node in stopped]
            for node in stopped:
                node.child.send(signal.SIGSTOP)
            await asyncio.sleep(2.0)
        finally:
            for node in stopped:
                node.child.send(signal.SIGCONT)
        await asyncio.sleep(0.5)
        after = [await _reservations_asked(node.address) for node in stopped]
        for number in (1, 2):
            front.put_back(number)
        trial.expect(before == after, f"no request comes to a node that is left out ({before} → {after})")
        trial.injected()
        trial.expect(await trial.writes_back(load, 10.0) is not None, "writes go on")
    trial.expect_no_failure(load)


async def _reservations_asked(node: Target) -> int:
    """Count the reservation requests that a node has answered."""
    async with Caller(node) as caller:
        text = (await caller.call("GET", "/metrics")).body.decode()
    counts = re.findall(r'^http_requests_total\{.*path="/api/v1/reservations.*\} (\S+)$', text, re.MULTILINE)
    return sum(int(float(number)) for number in counts)


@dataclass(slots=True)
class _Squatter:
    """A foreign server that takes a node's port while the node restarts."""

    strays: list[str] = field(default_factory=list)
    """Requests that it received although it is not ready."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Report that it is not ready, and nothing else."""
        with contextlib.suppress(OSError, EOFError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            path = head.split(" ", 2)[1]
            if path.startswith(("/readyz", "/health", "/livez")):
                writer.write(_NOT_READY)
                await writer.drain()
            else:
                self.strays.append(head.split("\r\n", 1)[0])
        writer.close()

    async def squat(self, target: Target, deadline: float) -> bool:
        """Take the port as soon as it is free, and keep it for some time."""
        while time.monotonic() < deadline:
            try:
                server = await asyncio.start_server(self.serve, *target, reuse_address=True)
            except OSError:
                await asyncio.sleep(0.005)
                continue
            await asyncio.sleep(_SQUATTED_SECONDS)
            server.close()
            return True
        return False


def _node_addresses(run: WholeRun) -> list[Target]:
    text = "\n".join(run.told())
    return [Target("127.0.0.1", int(port)) for port in re.findall(r"Node \d+:\s+http://127\.0\.0\.1:(\d+)", text)]


@asynccontextmanager
async def _restarting(run: WholeRun) -> AsyncIterator["asyncio.subprocess.Process"]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "holdfast", "rolling-restart"),
        env=dict(run.environment),
        cwd=CHECKOUT,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


@fault(
    "rolling-restart-fails",
    "operators",
    injection="in a rolling restart of `holdfast scale` a stranger takes the first node's port for 4 s: the node does "
    "not come back ready",
    expected="the restart ends with one line; nothing is sent to what is not ready; not one request fails",
    invariants="nothing lost",
)
async def _rolling_restart_fails(trial: Trial) -> None:
    folder = private_folder(trial.folder / "scale")
    async with whole_run(folder, trial.folder / "scale.log", command="scale", environment={"NODES": "2"}) as run:
        if not await run.started():
            trial.expect(False, f"the run starts ({' '.join(run.told()[-2:])})")  # noqa: FBT003 - it did not
            return
        await until(lambda: answers(run.target, "/readyz"), 10.0)
        async with trial.load([run.target], habits=_CALM, database_url=lambda: run.database_url) as load:
            await _restart_with_squatter(trial, run, load)


async def _restart_with_squatter(trial: Trial, run: WholeRun, load: Load) -> None:
    squatter = _Squatter()
    first = _node_addresses(run)[0]
    async with _restarting(run) as process:
        trial.injected()
        squatted = await squatter.squat(first, time.monotonic() + 20.0)
        trial.expect(squatted, "a stranger gets the port of the node that restarts")
        async with asyncio.timeout(60.0):
            _, said = await process.communicate()
        trial.expect(process.returncode != 0, f"the rolling restart says that it failed ({process.returncode})")
        trial.expect(b"Node 1" in said and said.count(b"\n") == 1, f"in one line ({said[-200:]!r})")
    back = await until(lambda: answers(first, "/readyz"), 20.0)
    trial.expect(back and run.child.alive, "the run goes on, and the node comes back when its port is free")
    await asyncio.sleep(1.0)
    trial.expect(not squatter.strays, f"nothing is sent to what is not ready ({squatter.strays[:3]})")
    trial.expect_no_failure(load)
