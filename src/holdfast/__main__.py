"""`python -m holdfast` is the `holdfast` command."""

import signal
import sys

if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # until the program has started, Ctrl-C ends it without a traceback

if sys.argv[1:] in (["serve"], ["work"]):  # long-lived processes, several per machine: keep them small
    import holdfast.telemetry.without_rich  # noqa: F401

from holdfast.cli import main

main()
