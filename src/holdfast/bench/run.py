"""`holdfast bench`: runs experiments on servers in order, and returns the outcome."""

import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import typer

from holdfast.bench.experiments import contention, limits, listeners, mixed, stadium
from holdfast.bench.failure import LoadError
from holdfast.bench.plan import QUICK, Bench, Sizes, Target
from holdfast.bench.report import meaning
from holdfast.bench.report import written as report
from holdfast.bench.report.progress import Reporter
from holdfast.bench.report.results import Result, over_rounds
from holdfast.bench.server import Server
from holdfast.bench.smoke import run_smoke
from holdfast.bench.stack import machine
from holdfast.bench.stack.own_stack import allow_many_connections, own_stack

EXPERIMENTS: Mapping[str, Callable[[Bench, Target], Result]] = {
    "mixed": mixed.run,
    "contention": contention.run,
    "stadium": stadium.run,
    "limits": limits.run,
    "listeners": listeners.run,
}
_ROUNDS_AGAINST = 2


@dataclass(frozen=True)
class Options:
    """The options of the command line."""

    experiments: Sequence[str] = ()
    """By name; empty for all."""
    url: str | None = None
    against: str | None = None
    processes: Sequence[str] = ()
    """`ROLE=PID` of the server at `url`, if it runs on this machine."""
    seconds: float | None = None
    users: int | None = None
    rounds: int | None = None
    out: Path = Path("docs/benchmarks")
    data_dir: Path = Path(".holdfast")
    """Folder for the data of the benchmark's own stacks."""
    quick: bool = False
    smoke: bool = False


@dataclass
class _Outcome:
    """What failed, over all experiments."""

    failures: list[str] = field(default_factory=list)


def run_benchmark(options: Options) -> int:
    """Run the experiments and write the report; return the exit code: 1 if a load did not do what it claims."""
    reporter = Reporter()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # leaving the context managers stops every stack
    allow_many_connections()
    try:
        names = _chosen(options.experiments)
        warning = machine.busy()
        if warning:
            reporter.say(f"holdfast: {warning}")
        bench = Bench(_sizes(options), reporter, options.data_dir.absolute() / "bench")
        if options.smoke:
            return run_smoke(bench)
        outcome = _Outcome()
        for name in names:
            _run_experiment(name, bench, options, outcome)
    except LoadError as error:
        typer.echo(f"holdfast: {error}", err=True)
        return 1
    typer.echo("What the figures mean (more in docs/benchmarks/README.md):")
    for line in meaning.lines():
        typer.echo(line)
    reporter.say(f"Report: {options.out / 'results.md'}")
    for failure in outcome.failures:
        typer.echo(f"holdfast: failed: {failure}", err=True)
    return 1 if outcome.failures else 0


def _chosen(names: Sequence[str]) -> list[str]:
    unknown = [name for name in names if name not in EXPERIMENTS]
    if unknown:
        raise LoadError(f"there is no experiment {unknown[0]!r}: choose of {', '.join(EXPERIMENTS)}")
    return list(names) or list(EXPERIMENTS)


def _sizes(options: Options) -> Sizes:
    sizes = QUICK if options.quick else Sizes()
    if options.seconds is not None:
        # This is the length of the mixed load; the other runs keep their proportion to it.
        share = options.seconds / sizes.mixed_seconds
        sizes = replace(
            sizes,
            mixed_seconds=options.seconds,
            saturated_seconds=max(1.0, sizes.saturated_seconds * share),
            run_seconds=max(1.0, sizes.run_seconds * share),
        )
    return sizes if options.users is None else replace(sizes, users=options.users)


def _run_experiment(name: str, bench: Bench, options: Options, outcome: _Outcome) -> None:
    """Run one experiment on all servers alternately, A B A B, and write the results."""
    rounds_wanted = options.rounds or (_ROUNDS_AGAINST if options.against else 1)
    with _targets(bench, options) as targets:
        about = machine.describe(targets[0].stack)
        paces = [machine.pace_milliseconds()]
        rounds: dict[str, list[Result]] = {target.server.name: [] for target in targets}
        for number in range(1, rounds_wanted + 1):
            for target in targets:
                bench.reporter.say(f"{name}, round {number} of {rounds_wanted}: {target.server.name}")
                rounds[target.server.name].append(EXPERIMENTS[name](bench, target))
                paces.append(machine.pace_milliseconds())
    about["pace: CPU time of a fixed piece of work"] = f"{min(paces):.1f} to {max(paces):.1f} ms"
    report.write(options.out, name, rounds, about)
    _tell(name, rounds, outcome)


@contextmanager
def _targets(bench: Bench, options: Options) -> Iterator[list[Target]]:
    """Yield the servers to measure, with their traits: the first by URL or on an own stack, then the other."""
    with ExitStack() as stack:
        targets = []
        if options.url is not None:
            targets.append(Target(Server(options.url, "server"), given_roles=_roles(options.processes)))
        else:
            own = stack.enter_context(own_stack(bench.data_dir))
            targets.append(Target(Server(own.url, "Holdfast"), own))
        if options.against is not None:
            targets.append(Target(Server(options.against, "other server")))
        for target in targets:
            stack.callback(target.server.close)
            target.server.learn()
        yield targets


def _roles(words: Sequence[str]) -> dict[str, list[int]]:
    roles: dict[str, list[int]] = {}
    for word in words:
        role, _, pid = word.partition("=")
        if not role or not pid.isdecimal():
            raise LoadError(f"--process {word}: must be like server=1234")
        roles.setdefault(role, []).append(int(pid))
    return roles


def _tell(name: str, rounds: report.Rounds, outcome: _Outcome) -> None:
    """Print the figures on standard output, and record what failed."""
    for server, results in rounds.items():
        merged = over_rounds(results)
        typer.echo(f"{name}: {server}")
        for figure in merged.figures:
            typer.echo(f"  {report.line_of(figure)}")
        for note in merged.notes:
            typer.echo(f"  left out: {note}")
        failed = [check for check in merged.checks if not check.holds]
        typer.echo(f"  checks: {len(merged.checks) - len(failed)} of {len(merged.checks)} hold")
        outcome.failures += [f"{name}: {server}: {check.claim} ({check.detail})" for check in failed]
    for server, figures in report.ratios(rounds).items():
        typer.echo(f"{name}: ÷ {server}")
        for figure_name, ratio in figures.items():
            typer.echo(f"  {figure_name}: {ratio:.2f}")
