"""Logging is one per process: every test here leaves it as a person at a terminal has it."""

import pytest
import structlog

from holdfast.telemetry import lines, redaction, request_log


@pytest.fixture(autouse=True)
def _logging_as_before():
    yield
    lines.use(lines.LineSink(gather=False))
    request_log.set_up(0, request_log.as_json)
    redaction.hide([])
    structlog.reset_defaults()
