"""`holdfast archive` that kills itself: `python -m chaos.site.archiver STEPS run|restore`.

After passing so many steps (`application.upkeep.archive.pace`) it gets SIGKILL. It has Holdfast's own settings.
"""

import os
import signal
import sys

from holdfast.application.upkeep.archive.pace import Pace, Step
from holdfast.cli.archive import work
from holdfast.settings import load_settings

_passed = Pace.passed


def main(arguments: list[str]) -> int:
    """Archive what is due, or restore everything, up to a step."""
    left = int(arguments[0])

    async def pass_or_die(pace: Pace, step: Step, rows: int = 0) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        await _passed(pace, step, rows)

    Pace.passed = pass_or_die  # type: ignore[assignment, method-assign]
    settings = load_settings()
    sound = work.run(settings, fast=True) if arguments[1] == "run" else work.restore(settings, (), every=True)
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
