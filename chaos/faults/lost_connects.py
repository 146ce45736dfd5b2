"""A COMMIT reached PostgreSQL, its reply was lost, and then no connection can be opened.

This is tried in every way in which PostgreSQL or the network can refuse a connection. The outcome must be `unknown`,
and a retry with the same key must return the result.
"""

import asyncio
from collections.abc import Mapping

from chaos.buyers.load import Load, until_true
from chaos.faults.database import wired_node
from chaos.site.processes import Program
from chaos.site.refusals import (
    REFUSING_STATES,
    Refusal,
    answer_garbage,
    in_turn,
    refuse_tls,
    refuse_with,
    reset,
    stay_silent,
)
from chaos.site.wire import Wire
from chaos.trial import Trial, fault

_GIVES_UP_SECONDS = 0.8
_ONE_WRITER = {"WRITE_POOL_SIZE": "1", "BATCH_SECONDS_MAX": str(_GIVES_UP_SECONDS)}


async def _refused(trial: Trial, ways: Mapping[str, Refusal]) -> None:
    """Lose the reply to a COMMIT once for each way, and refuse all connections until the batch has given up."""
    async with wired_node(trial, **_ONE_WRITER) as (wire, node), trial.load([node.address]) as load:
        for name, refusal in ways.items():
            await _lose_one(trial, load, wire, refusal, name)
        await _expect_settled(trial, load, node)


async def _lose_one(trial: Trial, load: Load, wire: Wire, refusal: Refusal, name: str) -> None:
    cut, unknown = wire.cut_commits, load.tally.unknown
    wire.refusal_after_cut = refusal
    wire.cuts["reply"] += 1
    trial.expect(await until_true(lambda: wire.cut_commits > cut, 10.0), f"{name}: the answer to a COMMIT is lost")
    await asyncio.sleep(_GIVES_UP_SECONDS * 1.6)
    wire.refusal = None
    trial.injected()
    trial.expect(await trial.writes_back(load, 15.0) is not None, f"{name}: writes are back when connections are")
    trial.expect(load.tally.unknown > unknown, f"{name}: buyers are told `unknown` while their COMMIT is in doubt")


async def _expect_settled(trial: Trial, load: Load, node: Program) -> None:
    trial.expect(node.child.alive, "the node lives on")
    trial.expect(load.tally.statuses["500"] == 0, f"nobody is told 500 ({load.tally.statuses['500']} were)")
    await asyncio.sleep(0.5)


@fault(
    "refused-after-lost-commit",
    "database",
    injection="the answer to a COMMIT is lost, and new connections are refused with 28000, 28P01, 3D000, 53300, 57P03, "
    "42501, or first 28000 and then a reset, until the batch has given up; one after another",
    expected="503 `unknown` for what may be stored, never `none` and never 500; the retry settles",
    invariants="one effect per key, nothing lost",
    quick=True,
)
async def _refused_after_lost_commit(trial: Trial) -> None:
    ways = {state: refuse_with(state) for state in REFUSING_STATES}
    # A rerun that forgot the first COMMIT would see only the second refusal, and wrongly report `none`.
    ways["28000, then reset"] = in_turn(refuse_with("28000"), reset)
    await _refused(trial, ways)


@fault(
    "unreachable-after-lost-commit",
    "database",
    injection="the same, and new connections are reset, get no answer, garbage, or a broken TLS handshake",
    expected="503 `unknown` for what may be stored, never `none` and never 500; the retry settles",
    invariants="one effect per key, nothing lost",
)
async def _unreachable_after_lost_commit(trial: Trial) -> None:
    ways = {"reset": reset, "silence": stay_silent, "garbage": answer_garbage, "TLS": refuse_tls}
    await _refused(trial, ways)
