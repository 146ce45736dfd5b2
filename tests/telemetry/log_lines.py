"""Reads what was logged."""

from holdfast.telemetry import lines


def lines_of(capfd) -> list[str]:
    lines.sink().flush()
    return capfd.readouterr().err.splitlines()
