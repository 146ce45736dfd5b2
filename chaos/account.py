"""The results of a run of the fault suite: one per fault, a report as Markdown and as JSON, and a summary line."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from chaos.mutations.every import MUTATIONS
from chaos.trial import Fault, Trial

Conclusion: TypeAlias = Literal["passed", "FAILED", "skipped"]
_CONCLUSIONS: tuple[Conclusion, ...] = get_args(Conclusion)

_COLUMNS = (
    "*Back*: from the (last) injection to the acknowledgement of the first write that was asked for after it. "
    "*Gap*: the longest time in which no write at all was acknowledged, with the fault's own duration in it."
)


@dataclass(frozen=True, slots=True)
class Result:
    """The result of one fault."""

    name: str
    family: str
    injection: str
    expected: str
    invariants: str
    conclusion: Conclusion
    reason: str = ""
    """Why it was skipped, or could not be carried out."""
    operations: int = 0
    acknowledged: int = 0
    lost: int = 0
    sold_twice: int = 0
    internal_errors: int = 0
    statuses: dict[str, int] = field(default_factory=dict)
    back_seconds: float | None = None
    gap_seconds: float = 0.0
    seconds: float = 0.0
    findings: list[str] = field(default_factory=list)
    """Every expectation that did not hold."""
    told: list[str] = field(default_factory=list)
    """Measurements, in words."""
    expectations: int = 0
    log_entries: int = 0
    check_seconds: float = 0.0
    searched_steps: int = 0
    faults_injected: dict[str, int] = field(default_factory=dict)
    """By the checker's self-test."""


def skipped(fault: Fault, reason: str) -> Result:
    """Return the result of a fault that cannot be injected on this machine."""
    return Result(fault.name, fault.family, fault.injection, fault.expected, fault.invariants, "skipped", reason)


def result_of(fault: Fault, trial: Trial, seconds: float, failure: str = "") -> Result:
    """Sum up a trial; `failure` says why it could not be completed."""
    verdicts = trial.verdicts
    broken = Counter(what for holds, what in trial.expectations if not holds)
    findings = [f"expected: {what}" + (f" ({times} times not)" if times > 1 else "") for what, times in broken.items()]
    findings += [line for verdict in verdicts for line in verdict.findings]
    findings += [f"internal error: {line}" for line in trial.internal_errors[:10]]
    findings += [failure] if failure else []
    injected: Counter[str] = sum((verdict.faults_injected for verdict in verdicts), Counter())
    return Result(
        fault.name,
        fault.family,
        fault.injection,
        fault.expected,
        fault.invariants,
        "FAILED" if findings or not verdicts else "passed",
        failure,
        operations=sum(verdict.operations for verdict in verdicts),
        acknowledged=trial.acknowledged,
        lost=sum(verdict.lost for verdict in verdicts),
        sold_twice=sum(verdict.sold_twice for verdict in verdicts),
        internal_errors=len(trial.internal_errors),
        statuses=dict(sorted(trial.statuses.items())),
        back_seconds=trial.back_seconds,
        gap_seconds=trial.gap_seconds,
        seconds=seconds,
        findings=findings,
        told=list(trial.told),
        expectations=len(trial.expectations),
        log_entries=sum(verdict.log_entries for verdict in verdicts),
        check_seconds=sum(verdict.check_seconds for verdict in verdicts),
        searched_steps=sum(verdict.searched_steps for verdict in verdicts),
        faults_injected=dict(injected),
    )


@dataclass(slots=True)
class Account:
    """A whole run."""

    seed: int
    machine: str
    results: list[Result] = field(default_factory=list)
    seconds: float = 0.0

    def having(self, conclusion: Conclusion) -> list[Result]:
        """Return the results with this verdict."""
        return [result for result in self.results if result.conclusion == conclusion]

    @property
    def self_test(self) -> Counter[str]:
        """The errors that the self-tests injected into the histories. If one was not found, the fault failed."""
        return sum((Counter(result.faults_injected) for result in self.results), Counter())

    def complaints(self) -> list[str]:
        """Return the reasons, other than failed faults, why the run does not pass."""
        tried = [result for result in self.results if result.conclusion != "skipped"]
        lines = [] if tried else ["no fault was tried"]
        # A mutation may need a kind of answer that a few faults alone do not produce. Longer runs produce all kinds.
        injected = self.self_test
        missing = [kind for kind, family in MUTATIONS.items() if family.found_in != "no fault" and not injected[kind]]
        if len(tried) >= 5 and missing:
            lines.append(f"the checker's self-test never injected: {', '.join(missing)}")
        return lines

    @property
    def passed(self) -> bool:
        """Whether nothing was lost or sold twice, no answer was 500, and every expectation held."""
        return not self.having("FAILED") and not self.complaints()

    def last_line(self) -> str:
        """Return the summary line of the run."""
        return last_line(f"{len(self.results) - len(self.having('skipped'))} faults", self.results)

    def save(self, folder: Path) -> None:
        """Write report.md and report.json."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "report.md").write_text(self.markdown(), encoding="utf-8")
        whole = {
            "seed": self.seed,
            "machine": self.machine,
            "seconds": round(self.seconds, 1),
            "passed": self.passed,
            "last_line": self.last_line(),
            "self_test": dict(self.self_test),
            "faults": [asdict(result) for result in self.results],
        }
        (folder / "report.json").write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")

    def markdown(self) -> str:
        """Return the report as Markdown."""
        found = ", ".join(f"{kind} {count}" for kind, count in sorted(self.self_test.items()))
        counts = ", ".join(f"{len(self.having(how))} {how.lower()}" for how in _CONCLUSIONS)
        lines = [
            "# Fault suite",
            "",
            f"{self.last_line()}.",
            "",
            f"{counts}, in {self.seconds / 60:.1f} minutes; seed {self.seed}; {self.machine}.",
            "",
            _COLUMNS,
            "",
            f"The checkers were tested on every history: {found} injected, all found.",
            "",
        ]
        for family in dict.fromkeys(result.family for result in self.results):
            lines += _table(family, [result for result in self.results if result.family == family])
        told = [result for result in self.results if result.told]
        if told:
            lines += [
                "## Measured meanwhile",
                "",
                *(f"* `{result.name}`: {'; '.join(result.told)}" for result in told),
                "",
            ]
        for title, results in (("Failed", self.having("FAILED")), ("Skipped", self.having("skipped"))):
            if results:
                lines += [f"## {title}", ""]
                lines += [f"* `{result.name}`: {'; '.join(result.findings) or result.reason}" for result in results]
                lines.append("")
        return "\n".join(lines)


def last_line(what: str, results: Sequence[Result]) -> str:
    """Return the last line of a run."""
    operations, acknowledged, lost, sold_twice, errors = (
        sum(getattr(result, name) for result in results)
        for name in ("operations", "acknowledged", "lost", "sold_twice", "internal_errors")
    )
    return (
        f"chaos: {what}, {operations} operations, {acknowledged} acknowledged, {lost} lost, "
        f"{sold_twice} sold twice, {errors} internal errors"
    )


def _table(family: str, results: Sequence[Result]) -> list[str]:
    lines = [
        f"## {family.capitalize()}",
        "",
        "| fault | injection | expected | invariants | operations | acknowledged | 503 | back | gap | result |",
        "|---|---|---|---|--:|--:|--:|--:|--:|---|",
    ]
    for result in results:
        back = "" if result.back_seconds is None else f"{result.back_seconds:.2f} s"
        cells = [
            f"`{result.name}`",
            result.injection,
            result.expected,
            result.invariants,
            str(result.operations),
            str(result.acknowledged),
            str(result.statuses.get("503", 0)),
            back,
            f"{result.gap_seconds:.2f} s" if result.operations else "",
            result.conclusion,
        ]
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return [*lines, ""]
