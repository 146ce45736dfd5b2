"""One sitting: take the times from the engine, run the loads on it, run the same loads in the simulation."""

import asyncio
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial

import msgspec

from holdfast.bench.failure import LoadError
from holdfast.bench.stack.machine import busy, describe, pace_milliseconds
from holdfast.cli.sizing.measured import FILE, Measured, Step, StepName
from onsale.measure.both_busy import both_busy
from onsale.measure.fit import fit_steps
from onsale.measure.requests import request_cost
from onsale.measure.steps import EVENTS, time_steps
from onsale.validate import compared
from onsale.validate.compared import Compared
from onsale.validate.loads import CALIBRATION, TRIALS, TWO_CELLS, Comparison, Seen, Trial
from onsale.validate.real import Installation, Spent, installation, observe
from onsale.validate.simulated import simulate

Start = Callable[[], AbstractContextManager[Installation]]
STEP_SECONDS = 20.0
LOAD_SECONDS = 3.0
ROUNDS = 3
SEEDS = (1, 2, 3)
WARM_UP = Trial(64)


def sit(*, quick: bool = False) -> None:
    """Measure everything, and write `measured.json` and `compared.json`. It takes under four minutes.

    Args:
        quick: Very short, only to see that it works; nothing is written.

    Raises:
        LoadError: Something does not start, or answers wrongly.
    """
    if warning := busy():
        _say(warning)
    seconds, rounds = (0.5, 1) if quick else (LOAD_SECONDS, ROUNDS)
    pace = pace_milliseconds()
    share = both_busy()
    _say(f"a core works {share:.0%} as fast while the other one does")
    seen: dict[Trial, list[Seen]] = defaultdict(list)
    with installation() as on:
        about = describe(on.stack)
        steps, flush = _time(on, seconds=2.0 if quick else STEP_SECONDS)
        observe(on.roles, on.server, WARM_UP, seconds=seconds)
        calibration = [observe(on.roles, on.server, trial, seconds=seconds) for trial in CALIBRATION]
        single = [trial for trial in TRIALS if trial.processes == 1]
        _run(on, single, seen, seconds=seconds, rounds=rounds)
    request = request_cost(steps, calibration)
    about["pace"] = f"{pace:.1f} to {pace_milliseconds():.1f} ms of CPU for a fixed piece of work"
    measured = Measured(about, share, flush, steps, request)
    left_out = []
    several = [trial for trial in TRIALS if trial.processes > 1]
    makes: list[tuple[Start, Sequence[Trial]]] = [
        (partial(installation, processes=2), several),
        (partial(installation, options=("--cells", "2")), TWO_CELLS),
    ]
    for make, trials in makes:
        try:
            with make() as on:
                observe(on.roles, on.server, WARM_UP, seconds=seconds)
                _run(on, trials, seen, seconds=seconds, rounds=rounds)
        except LoadError as error:
            left_out += [f"{trial.name}: {error}" for trial in trials]
            _say(left_out[-1])
    found = [_compare(trial, rounds_seen, measured, seconds) for trial, rounds_seen in seen.items()]
    if quick:
        _say("very short: nothing was written")
        return
    FILE.write_bytes(msgspec.json.format(msgspec.json.encode(measured), indent=1) + b"\n")
    compared.write(Compared(about["measured at"], found, left_out))


def _time(on: Installation, *, seconds: float) -> tuple[dict[StepName, Step], list[float]]:
    events = [on.server.make_event(100_000 if number == 0 else 4_000) for number in range(EVENTS)]
    samples = asyncio.run(time_steps(on.stack.database_url, events, seconds=seconds))
    _say(f"{len(samples):,} steps were timed")
    return fit_steps(samples)


def _run(
    on: Installation,
    trials: Sequence[Trial],
    seen: dict[Trial, list[Seen]],
    *,
    seconds: float,
    rounds: int,
) -> None:
    """Run all loads in turn, several times: what changes on the machine meanwhile changes all of them alike."""
    for _ in range(rounds):
        for trial in trials:
            one, spent = observe(on.roles, on.server, trial, seconds=seconds)
            seen[trial].append(one)
            _say(f"{trial.name}: {_told(one)}; {_cpu(spent)}")


def _compare(trial: Trial, real: Sequence[Seen], measured: Measured, seconds: float) -> Comparison:
    simulated = [simulate(trial, measured, seconds=max(1.0, seconds), seed=seed) for seed in SEEDS]
    found = Comparison(trial.name, real, simulated)
    ratios = ", ".join(f"{figure} {found.ratio(figure):.2f}" for figure in ("per_second", "p50", "p99", "commands"))
    _say(f"{trial.name}: simulated ÷ real: {ratios}")
    return found


def _told(seen: Seen) -> str:
    return (
        f"{seen.per_second:,.0f}/s, p50 {seen.p50 * 1e3:.1f} ms, p99 {seen.p99 * 1e3:.1f} ms, "
        f"{seen.commands:.1f} in a transaction"
    )


def _cpu(spent: Spent) -> str:
    return ", ".join(f"{role} {cost:.0f} µs" for role, cost in spent.by_role.items())


def _say(line: str) -> None:
    sys.stderr.write(f"[{time.strftime('%H:%M:%S')}] {line}\n")
