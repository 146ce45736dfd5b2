"""`python -m chaos.edge_fuzz`: compare the node's HTTP server with nginx; exit status 0 when nothing differs."""

import shutil
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path

import uvloop

from chaos.edge_fuzz.campaign import Campaign, Tally
from chaos.edge_fuzz.case import CORPUS, Case, read_cases
from chaos.edge_fuzz.mutation import make_case
from holdfast.infrastructure.embedded import EmbeddedError
from holdfast.infrastructure.embedded.nginx import nginx_program

SHOWN_MAX = 20


def main() -> int:
    """Run the fuzzer."""
    given = _arguments()
    try:
        nginx_program()
    except EmbeddedError as missing:
        sys.stderr.write(f"{missing}\n")
        return 2
    corpus = read_cases(CORPUS)
    cases = _replayed(given, corpus) if given.replay else _drawn(corpus, given.seed, given.requests)
    folder = Path(tempfile.mkdtemp(prefix="hfz-"))
    try:
        tally = uvloop.run(Campaign(folder, ignored=given.ignore).run(cases, found_max=given.found_max))
        if given.save and tally.found:
            given.save.write_text("".join(found.case.line() + "\n" for found in tally.found), encoding="ascii")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    sys.stdout.write("\n".join([*_shown(tally), *tally.lines()]) + "\n")
    return 0 if tally.passed else 1


def _arguments() -> Namespace:
    parser = ArgumentParser(
        prog="python -m chaos.edge_fuzz", description="Compare a node's reading of HTTP with nginx'."
    )
    parser.add_argument("--requests", type=int, default=200_000, help="how many mutated requests, at least")
    parser.add_argument("--seed", type=int, default=1, help="which requests; the same draws them again")
    parser.add_argument("--found-max", type=int, default=200, help="end when so many cases differ")
    parser.add_argument("--ignore", action="append", default=[], metavar="RULE", help="do not ask for this rule")
    parser.add_argument("--save", type=Path, help="file that gets the cases that differ")
    parser.add_argument(
        "--replay", action="append", default=[], metavar="SEED|FILE", help="try these alone: seeds, or files of cases"
    )
    return parser.parse_args()


def _drawn(corpus: Sequence[Case], seed: int, requests: int) -> Iterator[Case]:
    """The corpus, then as many generated cases as the number of requests needs."""
    yield from corpus
    drawn = number = 0
    while drawn < requests:
        case = make_case(f"{seed}-{number}", corpus)
        yield case
        drawn += case.requests
        number += 1


def _replayed(given: Namespace, corpus: Sequence[Case]) -> list[Case]:
    cases: list[Case] = []
    for word in given.replay:
        named = [case for case in corpus if case.name == word]
        cases += named or (read_cases(Path(word)) if Path(word).is_file() else [make_case(word, corpus)])
    return cases


def _shown(tally: Tally) -> list[str]:
    lines = []
    for found in tally.found[:SHOWN_MAX]:
        lines.append(f"case {found.case.name}: {found.case.line()[:4000]}")
        lines += [f"    {rule}: {text}" for rule, text in found.judged.findings]
    return lines


if __name__ == "__main__":
    sys.exit(main())
