"""Simulate runs of the read side, with and without seeded faults, each of which must be noticed.

python -m chaos.reading --runs 2000
"""

import sys
import time
from argparse import ArgumentParser
from collections import Counter

from chaos.reading.faults_in_maps import FAULTS_IN_MAPS
from chaos.reading.faults_in_streams import FAULTS_IN_STREAMS
from chaos.reading.run import simulate
from chaos.reading.scenario import Scenario
from chaos.reading.self_test import self_test

SHOWN_MAX = 5
FAULTS = (*FAULTS_IN_MAPS, *FAULTS_IN_STREAMS)


def main() -> int:
    """Run; exit status 0 if nothing is wrong and every fault was noticed."""
    parser = ArgumentParser(prog="python -m chaos.reading", description="Simulate the read side.")
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0, help="of the first run; the others follow")
    parser.add_argument("--fault-runs", type=int, default=1_000, help="runs at most in which a fault must be noticed")
    given = parser.parse_args()
    started, answers, frames, broken = time.monotonic(), Counter[int](), 0, 0
    for seed in range(given.seed, given.seed + given.runs):
        finished = simulate(Scenario.of_seed(seed))
        answers.update(told.status for told in finished.record.told)
        frames += sum(len(following.frames) for following in finished.record.followed)
        broken += bool(finished.breaches)
        for breach in finished.breaches[:SHOWN_MAX]:
            sys.stdout.write(f"run {seed}: {breach.rule}: {breach.text}\n")
    told = ", ".join(f"{count} answers {status}" for status, count in sorted(answers.items()))
    seconds = time.monotonic() - started
    sys.stdout.write(
        f"reading: {given.runs} runs, {told}, {frames} frames, {broken} runs broke a rule, {seconds:.0f} s\n"
    )
    noticed = self_test(FAULTS, runs_max=given.fault_runs)
    for name, first in noticed.first_seeds.items():
        sys.stdout.write(f"  {'MISSED' if first is None else f'noticed in run {first}'}: {name}\n")
    sys.stdout.write(f"reading: {len(FAULTS)} faults put in, {len(noticed.missed)} missed\n")
    return 1 if broken or noticed.missed else 0


if __name__ == "__main__":
    sys.exit(main())
