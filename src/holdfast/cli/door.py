"""Verifies tickets at the door, without a database or any other connection."""

import contextlib
import io
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

import typer

from holdfast.application.tickets.door import Door
from holdfast.domain.tickets.code import CODE_MAX
from holdfast.domain.tickets.faults import BadTicket
from holdfast.domain.tickets.keys import BadKeySet, read_key_set
from holdfast.domain.tickets.ticket import Ticket
from holdfast.infrastructure.ticket_signatures import Ed25519Signatures

LINE_BYTES_MAX = 4 * CODE_MAX
"""More than any code has. What a line has beyond is passed over, so that it is one refusal and takes no memory."""
KEY_FILE_BYTES_MAX = 1024 * 1024

_ALL_VALID, _SOME_REFUSED, _NOTHING_VERIFIED = 0, 1, 2


def verify_codes(codes: Iterable[str] | None, *, keys_file: Path, event_id: UUID | None) -> int:
    """Verify codes, and print a line for each as soon as it is known.

    Args:
        codes: The codes; None: the lines of standard input.
        keys_file: A JSON Web Key Set.
        event_id: The only event whose tickets count.

    Returns:
        The exit code.
    """
    try:
        with keys_file.open("rb") as file:
            keys = read_key_set(file.read(KEY_FILE_BYTES_MAX))
    except OSError as error:
        return _nothing(f"{keys_file}: {error.strerror or error}")
    except BadKeySet as wrong:
        return _nothing(f"{keys_file}: {wrong}")
    checks = _Checks(Door(Ed25519Signatures(), keys, event_id=event_id))
    with contextlib.suppress(KeyboardInterrupt):  # the person at the door has had enough
        try:
            for code in _lines(sys.stdin.buffer) if codes is None else codes:
                checks.check(code)
        except BrokenPipeError:
            # The program that reads has had enough. The line that it did not take is still in a buffer, and Python
            # would try to write it once more at the end, and complain.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if not checks.valid + checks.refused:
        return _nothing("no code was given")
    _tell(f"{checks.valid} valid, {checks.refused} refused")
    return _SOME_REFUSED if checks.refused else _ALL_VALID


class _Checks:
    """The checks of one run."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self.valid = 0
        self.refused = 0
        if isinstance(sys.stdout, io.TextIOWrapper):  # a seat number may have letters that the terminal does not know
            sys.stdout.reconfigure(errors="backslashreplace")

    def check(self, code: str) -> None:
        """Check a code, and say at once what comes of it: a person waits at the door."""
        try:
            ticket = self._door.check(code)
        except BadTicket as bad:
            self.refused += 1
            line = f"REFUSED  {bad}" + ("" if bad.ticket is None else f": {_about(bad.ticket)}")
        else:
            self.valid += 1
            line = f"valid    {_about(ticket)}"
        print(line, flush=True)  # noqa: T201 - `typer.echo` takes several times as long


def _about(ticket: Ticket) -> str:
    return f"seat {ticket.seat_number}, event {ticket.event_id}, reservation {ticket.reservation_id}"


def _nothing(why: str) -> int:
    _tell(f"holdfast: {why}")
    return _NOTHING_VERIFIED


def _tell(line: str) -> None:
    with contextlib.suppress(OSError):
        typer.echo(line, err=True)


def _lines(source: BinaryIO) -> Iterator[str]:
    """Yield the lines without their ends, except empty ones: some scanners send two line ends."""
    while line := source.readline(LINE_BYTES_MAX):
        ended = line.endswith(b"\n")
        while not ended and (rest := source.readline(LINE_BYTES_MAX)):
            ended = rest.endswith(b"\n")
        text = line.decode("ascii", "replace").strip("\r\n")
        if text:
            yield text
