"""Logging is one per process: whoever configures it in a test leaves it as others expect it."""

import logging

import structlog

from holdfast.telemetry import lines, redaction, request_log


def restore_logging() -> None:
    """Make it as a person at a terminal has it."""
    lines.use(lines.LineSink(gather=False))
    request_log.set_up(0, request_log.as_json)
    redaction.hide([])
    structlog.reset_defaults()
    root = logging.getLogger()
    root.handlers[:] = [handler for handler in root.handlers if not type(handler).__module__.startswith("holdfast")]
    root.setLevel(logging.WARNING)
