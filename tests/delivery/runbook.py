"""A page of the documentation whose commands are run as they are written."""

import os
import subprocess
import sys
import time
from pathlib import Path

from docs.pages import blocks
from holdfast.infrastructure.embedded.binaries import postgres_programs


class Runbook:
    """The `bash` blocks of a page, run in any order in one environment; what they export stays for the next ones."""

    def __init__(self, page: Path, **environment: str) -> None:
        self.environment = {"PATH": f"{postgres_programs()}:{Path(sys.executable).parent}:{os.environ['PATH']}"}
        self.environment |= {"HOME": os.environ.get("HOME", "/"), "LC_ALL": "C", **environment}
        self._blocks = [block.text for block in blocks(page) if block.language == "bash"]
        self.seconds: dict[str, float] = {}

    def run(self, containing: str, *, without: str = "", more: str = "") -> str:
        """Run the only block that contains a text, and return what it prints.

        Args:
            containing: The text.
            without: Lines with this text are left out.
            more: Commands after those of the block.
        """
        (block,) = [block for block in self._blocks if containing in block]
        if without:
            assert without in block
            block = "".join(line for line in block.splitlines(keepends=True) if without not in line)
        begin = time.monotonic()
        done = subprocess.run(
            ["bash", "-c", f"set -euo pipefail\n{block}{more}\necho; echo ---; env -0"],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"
        self.seconds[containing] = round(time.monotonic() - begin, 2)
        printed, _, exported = done.stdout.partition("\n---\n")
        self.environment |= dict(entry.split("=", 1) for entry in exported.split("\0") if "=" in entry)
        return printed

    def left_out(self, known: set[str]) -> list[str]:
        """Return the blocks that contain none of these texts."""
        return [block for block in self._blocks if not any(text in block for text in known)]
