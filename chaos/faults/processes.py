"""API processes, workers and nginx that are killed, stopped, paused and restarted."""

import asyncio
import signal

from chaos.buyers.caller import Caller, NoAnswerError, NotSentError
from chaos.buyers.client import BASE
from chaos.buyers.load import Load, until_true
from chaos.site.fail_points import Point, arm, met
from chaos.site.processes import Program
from chaos.trial import Trial, fault

_REST_SECONDS = 1.0


async def killed_at(trial: Trial, load: Load, node: Program, point: Point, times: int = 2) -> None:
    """Have a node die at a fail point several times, and restart it each time."""
    for _ in range(times):
        arm(node.points, point, "kill")
        trial.expect(await node.died(), f"the node dies at `{point}`")
        await node.start()
    await trial.writes_back(load, 5.0)
    await asyncio.sleep(_REST_SECONDS)


@fault(
    "api-killed-after-commit",
    "processes",
    injection="SIGKILL of a node after PostgreSQL confirmed a COMMIT and before its answers are sent; twice",
    expected="502 or a lost connection; the retry with the same key on another node is the same reservation",
    invariants="nothing lost, one effect per key",
)
async def _api_killed_after_commit(trial: Trial) -> None:
    async with trial.load() as load:
        await killed_at(trial, load, trial.site.nodes[0], "after_commit")


@fault(
    "api-killed-before-commit",
    "processes",
    injection="SIGKILL of a node with a batch stored and its COMMIT not sent; twice",
    expected="502 or a lost connection; the retry makes the reservation; nothing is left of the first try",
    invariants="one effect per key, no orphan rows",
    quick=True,
)
async def _api_killed_before_commit(trial: Trial) -> None:
    async with trial.load() as load:
        await killed_at(trial, load, trial.site.nodes[1], "before_commit")


@fault(
    "api-killed-holding-lock",
    "processes",
    injection="SIGKILL of a node that has locked the event and loaded nothing yet",
    expected="the other nodes go on as soon as PostgreSQL sees the connection closed",
    invariants="all",
)
async def _api_killed_holding_lock(trial: Trial) -> None:
    async with trial.load() as load:
        await killed_at(trial, load, trial.site.nodes[2], "after_lock", times=1)


@fault(
    "api-paused-holding-lock",
    "processes",
    injection="SIGSTOP of a node inside a transaction that holds the event's lock, for 5 s",
    expected="PostgreSQL ends the transaction after 2 s and the others go on; the paused node's writes take no effect "
    "on what has changed since",
    invariants="all, versions without gaps",
)
async def _api_paused_holding_lock(trial: Trial) -> None:
    node = trial.site.nodes[0]
    async with trial.load() as load:
        arm(node.points, "after_store", "stop")
        paused = await until_true(lambda: met(node.points, "after_store"), 10.0)
        trial.expect(paused, "the node pauses with the event locked")
        trial.injected()
        back = await trial.writes_back(load, 20.0)
        trial.expect(back is not None, "the other nodes write again while it is paused")
        await asyncio.sleep(3.0)
        node.child.send(signal.SIGCONT)
        await asyncio.sleep(_REST_SECONDS)


@fault(
    "rolling-restart",
    "processes",
    injection="every node in turn: left out by nginx, SIGTERM, started again",
    expected="not one failed request: what is under way is finished, new requests go elsewhere",
    invariants="nothing lost",
)
async def _rolling_restart(trial: Trial) -> None:
    front = trial.site.front
    assert front is not None
    async with trial.load() as load:
        for number, node in enumerate(trial.site.nodes, 1):
            front.leave_out(number)
            await asyncio.sleep(0.5)
            await node.end()
            trial.expect(node.child.exit_code == 0, f"node {number} ends in order (exit code {node.child.exit_code})")
            await node.start()
            front.put_back(number)
        await asyncio.sleep(_REST_SECONDS)
        trial.expect_no_failure(load)


@fault(
    "api-terminated-without-notice",
    "processes",
    injection="SIGTERM of a node that nginx still sends requests to",
    expected="what it had taken is finished within 10 s; then 502 or none for moments, and the others go on",
    invariants="nothing lost",
)
async def _api_terminated_without_notice(trial: Trial) -> None:
    node = trial.site.nodes[1]
    async with trial.load() as load:
        await node.end()
        trial.expect(node.child.exit_code == 0, f"the node ends in order (exit code {node.child.exit_code})")
        await trial.writes_back(load, 5.0)
        await node.start()
        await asyncio.sleep(_REST_SECONDS)


@fault(
    "all-nodes-killed",
    "processes",
    injection="SIGKILL of all three nodes at once, then all started again",
    expected="502 until they are back; every acknowledged write is there",
    invariants="nothing lost",
)
async def _all_nodes_killed(trial: Trial) -> None:
    nodes = trial.site.nodes
    async with trial.load() as load:
        await asyncio.gather(*(node.kill() for node in nodes))
        await asyncio.gather(*(node.start() for node in nodes))
        trial.expect(await trial.writes_back(load, 20.0) is not None, "writes are back when the nodes are")
        await asyncio.sleep(_REST_SECONDS)


@fault(
    "nginx-killed",
    "processes",
    injection="SIGKILL of nginx with all its processes, started again; twice",
    expected="lost and refused connections; the retry with the same key settles each outcome",
    invariants="nothing lost, one effect per key",
)
async def _nginx_killed(trial: Trial) -> None:
    async with trial.load() as load:
        for _ in range(2):
            await trial.site.kill_front()
            await trial.site.repair()
            trial.expect(await trial.writes_back(load, 10.0) is not None, "writes are back when nginx is")
            await asyncio.sleep(_REST_SECONDS)


@fault(
    "worker-killed",
    "processes",
    injection="SIGKILL of the worker, started again",
    expected="nothing that a buyer could notice",
    invariants="all",
)
async def _worker_killed(trial: Trial) -> None:
    worker = trial.site.worker
    assert worker is not None
    async with trial.load() as load:
        await worker.kill()
        await asyncio.sleep(_REST_SECONDS)
        await worker.start()
        await asyncio.sleep(_REST_SECONDS)
        trial.expect_no_failure(load)


@fault(
    "bulk-import-killed",
    "processes",
    injection="SIGKILL of a node with 20,000 seats copied and their COMMIT not sent; then the import again",
    expected="all or nothing: no seat of the first try, every seat of the second",
    invariants="counters count, versions without gaps",
)
async def _bulk_import_killed(trial: Trial) -> None:
    node = trial.site.nodes[0]
    async with trial.load() as _, Caller(node.address, seconds_max=60.0) as caller:
        sale = await trial.sale(1, trial.site.nodes[1].address)
        details = await caller.call("GET", f"{BASE}/events/{sale.event}")
        grown = {**details.json(), "total_seats": 30_000}
        await caller.call("PUT", f"{BASE}/events/{sale.event}", grown)
        arm(node.points, "before_catalogue_commit", "kill")
        wanted = {"prefix": "B", "count": 20_000, "price": 100}
        path = f"{BASE}/events/{sale.event}/seats"
        try:
            await caller.call("POST", f"{path}/bulk", wanted)
            trial.expect(False, "the import's connection breaks")  # noqa: FBT003 - it cannot be otherwise here
        except (NoAnswerError, NotSentError):
            pass
        await node.died()
        async with Caller(trial.site.nodes[1].address, seconds_max=60.0) as other:
            counted = await other.call("GET", f"{path}/available/count")
            trial.expect(counted.json() == {"count": 1}, f"nothing of it is there ({counted.body!r})")
            again = await other.call("POST", f"{path}/bulk", wanted)
            trial.expect(again.status == 201, f"the second import succeeds ({again.status})")
            counted = await other.call("GET", f"{path}/available/count")
            trial.expect(counted.json() == {"count": 20_001}, f"all of it is there ({counted.body!r})")
        await node.start()
