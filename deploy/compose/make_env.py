#!/usr/bin/env python3
"""Write .env for compose.yaml, with passwords of its own: `make compose-env`. An existing one stays as it is."""

import os
import secrets
import sys
from pathlib import Path

EXAMPLE = Path(__file__).with_name("env.example")


def main(arguments: list[str]) -> int:
    """Write the file that is named; returns the exit code."""
    path = Path(arguments[0])
    lines = [line + secrets.token_hex(24) if is_secret(line) else line for line in EXAMPLE.read_text().splitlines()]
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        sys.stdout.write(f"{path} is there already, and stays as it is\n")
        return 0
    with os.fdopen(handle, "w") as file:
        file.write("\n".join([*lines, ""]))
    sys.stdout.write(f"{path} is written, for your eyes only\n")
    return 0


def is_secret(line: str) -> bool:
    """Whether a line of the example waits for a secret of ours. That of a bucket is somebody else's."""
    return line.endswith(("PASSWORD=", "KEY=")) and not line.startswith(("#", "ARCHIVE_"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
