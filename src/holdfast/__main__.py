"""`python -m holdfast` is the `holdfast` command."""

import sys

if sys.argv[1:] in (["serve"], ["work"]):  # what stays and is there several times shall be small
    import holdfast.telemetry.without_rich  # noqa: F401

from holdfast.cli import main

main()
