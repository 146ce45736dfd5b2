"""`python -m onsale measure [--quick]`, and `python -m onsale report`."""

import argparse
import sys
from collections.abc import Sequence

from holdfast.bench.failure import LoadError


def main(words: Sequence[str]) -> int:
    """Do what is asked for; return the exit code."""
    parser = argparse.ArgumentParser(prog="onsale", description="A model of large on-sales: docs/scale.md.")
    commands = parser.add_subparsers(dest="command", required=True)
    measure = commands.add_parser("measure", help="take the times from the engine on this machine, and compare")
    measure.add_argument("--quick", action="store_true", help="very short, only to see that it works")
    commands.add_parser("report", help="simulate, and write the tables and plots of docs/scale.md")
    given = parser.parse_args(words)
    if given.command == "measure":
        from onsale.sitting import sit  # noqa: PLC0415 - what it needs is not needed to simulate

        try:
            sit(quick=given.quick)
        except LoadError as error:
            sys.stderr.write(f"{error}\n")
            return 1
        if given.quick:
            return 0
    from onsale.report.page import write_page  # noqa: PLC0415

    write_page()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
