#!/usr/bin/env python3
"""Run steps of `.ci/run` in lanes beside each other; the steps of a lane run one after another.

    .ci/lanes.py LOGS 'LANE: COMMAND' 'LANE: COMMAND' …

Each step writes to a file of its own in the folder LOGS. Here is said what begins and how it ended, with the last lines
of it. Every step is run, also after one that failed, so that one run shows everything that is wrong. What failed is
shown at the very end, because logs are cut at their beginning. The exit code is 1 if anything failed.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

LIMIT_SECONDS = int(os.environ.get("STEP_SECONDS_MAX", "900"))
"""A step that takes longer hangs. It is ended while there is still time to show what it wrote."""
PASSED_LINES = 3
FAILED_LINES = 120


@dataclass
class Step:
    """A command in a lane, and what became of it."""

    lane: str
    command: str
    log: Path
    code: int | None = None
    seconds: float = 0.0
    cpu_seconds: float = field(default=0.0)
    """Of its processes, as far as they were waited for."""

    def run(self) -> None:
        """Run the command to its end, or until its time is over."""
        say(f"[{self.lane}] {self.command} begins")
        begin = time.monotonic()
        with self.log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 - `.ci/run` says what
                ["/bin/sh", "-c", self.command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                process_group=0,  # no session of its own: between sessions Linux does not respect `nice`
            )
            limit = threading.Timer(LIMIT_SECONDS, self._end, (process,))
            limit.start()
            _, status, used = os.wait4(process.pid, 0)
            limit.cancel()
        self.code = process.returncode = os.waitstatus_to_exitcode(status)
        self.seconds = time.monotonic() - begin
        self.cpu_seconds = used.ru_utime + used.ru_stime
        say(f"[{self.lane}] {self.summary()}", *(f"[{self.lane}]   {line}" for line in self.tail(PASSED_LINES)))

    def summary(self) -> str:
        """Say how it ended and what it cost."""
        ended = "passed" if self.code == 0 else f"FAILED ({self.code})"
        return f"{self.command}: {ended} in {self.seconds:.0f} s, {self.cpu_seconds:.0f} s of CPU"

    def tail(self, lines: int) -> list[str]:
        """Return the last lines of what it wrote."""
        return self.log.read_text(errors="replace").rstrip().splitlines()[-lines:]

    def _end(self, process: subprocess.Popen) -> None:
        with self.log.open("ab") as output:
            output.write(f"\n.ci/lanes.py: ended after {LIMIT_SECONDS} s\n".encode())
        os.killpg(process.pid, signal.SIGKILL)


_mouth = threading.Lock()


def say(*lines: str) -> None:
    """Write whole lines, one lane at a time."""
    with _mouth:
        sys.stdout.write("".join(f"{line}\n" for line in lines))
        sys.stdout.flush()


def main(logs: Path, words: Iterable[str]) -> int:
    """Run all steps, and show what failed."""
    lanes: dict[str, list[Step]] = {}
    for number, word in enumerate(words, start=1):
        lane, _, command = word.partition(": ")
        name = "-".join("".join(letter if letter.isalnum() else " " for letter in command).split())[:60]
        lanes.setdefault(lane, []).append(Step(lane, command, logs / f"{number:02}-{lane}-{name}.log"))
    threads = [threading.Thread(target=lambda steps=steps: [step.run() for step in steps]) for steps in lanes.values()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    steps = [step for of_lane in lanes.values() for step in of_lane]
    failed = [step for step in steps if step.code != 0]
    for step in failed:
        say(f"\n======== {step.command} FAILED; the end of {step.log}:", *step.tail(FAILED_LINES))
    say("", *(f"[{step.lane}] {step.summary()}" for step in steps))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
