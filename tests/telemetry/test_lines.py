"""Log lines leave a process complete and in order, none is lost at its exit, and no request waits for them."""

import logging
import os
import subprocess
import sys
import threading
import time

import pytest
import structlog

from holdfast.telemetry import lines, request_log
from holdfast.telemetry.callers import address
from holdfast.telemetry.logging import configure_logging
from holdfast.telemetry.repeats import PER_SECOND_MAX
from telemetry.programs import eventually

_MANY = """
import sys
from holdfast.telemetry.logging import configure_logging
from holdfast.telemetry.request_log import log_request
configure_logging(sys.argv[1], "INFO")
for number in range(int(sys.argv[3])):
    log_request(request_id=f"{sys.argv[2]}-{number}", method="GET", path="/x", status=200, outcome="done", seconds=0.1,
                client=None, caller=None, code=None, reservation_id=None, batch=None, trace_id=None)
"""


def _many(app_env: str, name: str, count: int, error) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, "-c", _MANY, app_env, name, str(count)], stderr=error)


def _line(**wanted) -> request_log.RequestLine:
    facts = {
        "event": "request",
        "level": "info",
        "timestamp": "2026-11-26T12:00:00.000001Z",
        "pid": 1,
        "request_id": "r-1",
        "method": "POST",
        "path": "/api/v1/reservations/{reservation_id}",
        "status": 201,
        "outcome": "done",
        "milliseconds": 12.346,
    }
    return request_log.RequestLine(**facts | wanted)


@pytest.mark.parametrize("app_env", ["development", "production"])
def test_the_end_of_a_process_loses_no_line(tmp_path, app_env):
    with (tmp_path / "log").open("wb") as log:
        assert _many(app_env, "r", 5_000, log).wait(30) == 0
    written = (tmp_path / "log").read_text().splitlines()
    assert len(written) == 5_000
    assert "r-4999" in written[-1]


def test_lines_of_several_processes_into_one_pipe_stay_whole():
    reader, writer = os.pipe()
    writing = [_many("development", name, 2_000, writer) for name in ("one", "two")]
    os.close(writer)
    with os.fdopen(reader) as pipe:
        read = list(pipe)
    assert [process.wait(20) for process in writing] == [0, 0]
    assert len(read) == 4_000
    assert all(line.startswith("20") and line.endswith("milliseconds=100.0\n") for line in read)


async def test_a_pipe_that_nobody_reads_keeps_nobody_and_the_lines_that_were_dropped_are_counted():
    reader, writer = os.pipe()
    told = []
    with os.fdopen(writer, "w") as stream, os.fdopen(reader, "rb") as pipe:
        sink = lines.LineSink(stream, gather=True, on_dropped=told.append, waiting_bytes_max=500_000)
        for _ in range(1_000):
            sink.write(b"x" * 999 + b"\n")
        sink.flush(0.3)
        assert told == [], "it is told when there is room again"
        arrived = []
        reading = threading.Thread(target=lambda: arrived.extend(pipe))
        reading.start()
        eventually(lambda: told)
        sink.flush()
        stream.close()
        reading.join()
    assert told[0] + len(arrived) == 1_000


def test_a_full_disk_is_told_once_there_is_room():
    """/dev/full refuses every write."""
    told = []
    with open("/dev/full", "w") as full, open(os.devnull, "w") as room:  # noqa: PTH123 - devices
        sink = lines.LineSink(full, gather=True, on_dropped=told.append)
        sink.write(b"lost\n")
        sink.flush()
        sink._stream = room
        sink.write(b"written\n")
        sink.flush()
        eventually(lambda: told == [1])


@pytest.mark.parametrize("colours", [False, True])
@pytest.mark.parametrize("more", [{}, {"client": "::1", "caller": "ab12", "code": "c", "batch": 7, "trace_id": "f0"}])
def test_a_request_looks_like_every_other_line(colours, more):
    line = _line(**more)
    console = structlog.dev.ConsoleRenderer(colors=colours, sort_keys=False)
    facts = {name: getattr(line, name) for name in line.__struct_fields__ if name != "pid"}
    rendered = console(None, "info", {name: fact for name, fact in facts.items() if fact is not None})
    assert request_log.Readable(colours=colours)(line).decode() == rendered + "\n"


def test_a_readable_line_costs_about_what_json_does():
    """Through structlog's console it cost more than ten times as much. The best of several rounds, in turn."""

    def seconds(encoded) -> float:
        begin = time.process_time()
        for _ in range(2_000):
            encoded(line)
        return time.process_time() - begin

    line = _line(client="10.0.0.1", caller="0123456789abcdef", batch=7)
    readable = request_log.Readable(colours=False)
    rounds = [(seconds(readable), seconds(request_log.as_json)) for _ in range(5)]
    assert min(first for first, _ in rounds) < 6 * min(second for _, second in rounds)


def test_in_a_storm_of_one_message_few_are_written_and_the_others_counted(capfd):
    configure_logging("development", "INFO")
    log = structlog.get_logger("x")
    for number in range(2_000):
        log.warning("read failed", number=number)
        logging.getLogger("y").warning("odd request %s", number)
        if number == 1_000:
            log.info("something else")
    time.sleep(1.1)
    log.warning("read failed", number="last")
    logging.getLogger("y").warning("odd request %s", "last")
    lines.sink().flush()
    written = capfd.readouterr().err.splitlines()
    assert len(written) <= 8 * PER_SECOND_MAX
    assert any("something else" in line for line in written)
    *_, own, library = written
    assert "left_out=" in own
    assert "left out before: " in library


@pytest.mark.parametrize("forged", ["1.2.3.4 status=200", "a\nb", "1.2.3.4\x1b[31m", "x" * 65, "", "ä"])
def test_a_forged_address_stands_in_no_line(forged):
    assert address((forged, 1)) is None
    assert address(("fe80::1%eth0", 1)) == "fe80::1%eth0"
