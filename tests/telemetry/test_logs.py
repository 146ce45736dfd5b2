"""What the log contains, and what it must never contain."""

import asyncio
import json
import logging
import re

import httpx
import pytest
import structlog

from holdfast.cli.callers import name_in_log
from holdfast.settings import Settings
from holdfast.telemetry import callers, context, lines
from holdfast.telemetry.logging import configure_logging
from holdfast.telemetry.request_log import log_request
from telemetry.log_lines import lines_of
from telemetry.programs import running


def _request(**wanted):
    facts = {
        "request_id": "r-1",
        "method": "POST",
        "path": "/api/v1/reservations",
        "status": 201,
        "outcome": "done",
        "seconds": 0.0123456,
        "client": None,
        "caller": None,
        "code": None,
        "reservation_id": None,
        "batch": None,
        "trace_id": None,
    }
    log_request(**facts | wanted)


def test_a_request_line_has_its_facts_and_leaves_out_the_others(capfd):
    configure_logging("production", "INFO")
    _request(reservation_id="res-1", batch=7)
    line = json.loads(lines_of(capfd)[0])
    assert line.pop("timestamp").endswith("Z")
    assert line.pop("pid") > 0
    assert line == {
        "event": "request",
        "level": "info",
        "request_id": "r-1",
        "method": "POST",
        "path": "/api/v1/reservations",
        "status": 201,
        "outcome": "done",
        "milliseconds": 12.346,
        "reservation_id": "res-1",
        "batch": 7,
    }


@pytest.mark.slow
def test_a_buyer_s_lines_can_be_found_and_do_not_name_the_buyer(database_url, tmp_path):
    key = "the same on every node"
    written = []
    for _ in range(2):  # also after a restart
        with running("serve", tmp_path, DATABASE_URL=database_url, LOG_CALLER_KEY=key) as node:
            with httpx.Client(base_url=node.url, timeout=20) as http:
                for user in ("ann@example.org", "bob"):
                    assert http.get("/api/v1/reservations", headers={"X-User-ID": user}).status_code == 200
                http.get("/health", headers={"X-Forwarded-For": "203.0.113.9"})
            assert node.stop() == 0
            lines_of_node = [json.loads(line) for line in node.log().splitlines()]
            written += [line for line in lines_of_node if line["event"] == "request"]
            assert key not in node.log()
    assert {line["client"] for line in written} == {"127.0.0.1"}
    callers_seen = [line.get("caller") for line in written if line["path"] == "/api/v1/reservations"]
    ann = name_in_log(Settings(log_caller_key=key), "ann@example.org")
    assert callers_seen == [ann, name_in_log(Settings(log_caller_key=key), "bob")] * 2
    assert re.fullmatch("[0-9a-f]{16}", ann)
    assert name_in_log(Settings(log_caller_key=key + "!"), "ann@example.org") != ann


@pytest.mark.parametrize("host", ["x" * 100, "a\x85b", "evil\nline", ""])
def test_a_forged_address_is_none(host):
    assert callers.address((host, 1)) is None
    assert callers.address(("fe80::1%eth0", 1)) == "fe80::1%eth0"


@pytest.mark.parametrize(("level", "written"), [("INFO", [201, 503]), ("WARNING", [503]), ("ERROR", [])])
def test_the_level_counts_for_request_lines_too(capfd, level, written):
    configure_logging("production", level)
    _request(status=201)
    _request(status=503)
    assert [json.loads(line)["status"] for line in lines_of(capfd)] == written


def test_a_person_reads_the_same_facts(capfd):
    configure_logging("development", "INFO")
    _request(batch=7)
    (line,) = lines_of(capfd)
    for part in ("request", "method=POST", "status=201", "batch=7", "request_id=r-1"):
        assert part in line


@pytest.mark.parametrize("app_env", ["production", "development"])
def test_the_request_stands_on_every_line_it_leads_to(capfd, app_env):
    configure_logging(app_env, "INFO")
    token = context.begin(context.Work("r-77", batch=5))
    structlog.get_logger("x").info("own")
    logging.getLogger("y").warning("a library's")
    context.end(token)
    structlog.get_logger("x").info("after")
    own, library, after = lines_of(capfd)
    assert "r-77" in own
    assert "r-77" in library
    assert "r-77" not in after


@pytest.mark.parametrize("app_env", ["production", "development"])
@pytest.mark.parametrize("forged", ["a\nb", "a\r\nb", "a\x1b[31mb", "a\u2028b", "a\x85b", "a\u202eb", "a\ud800b"])
def test_nobody_can_forge_a_line(capfd, app_env, forged):
    configure_logging(app_env, "INFO")
    structlog.get_logger("x").info("event", value=forged, nested={"k": [forged]})
    logging.getLogger("y").warning("text %s", forged)
    written = lines_of(capfd)
    assert len(written) == 2
    assert not re.search("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e]", "".join(written).replace("\x1b[", ""))


def test_a_traceback_for_a_person_cannot_look_like_a_line_of_the_log(capfd):
    configure_logging("development", "INFO")
    try:
        int("x\n2031-01-01 [info] request forged")
    except ValueError:
        structlog.get_logger("x").exception("failed")
    first, *rest = lines_of(capfd)
    assert "failed" in first
    assert all(line.startswith("    ") for line in rest if line)


async def test_lines_are_gathered_and_then_written_in_their_order(capfd):
    configure_logging("production", "INFO")
    _request(status=201)
    structlog.get_logger("x").info("second")
    assert capfd.readouterr().err == ""
    await asyncio.sleep(lines.FLUSH_SECONDS * 3)
    assert [json.loads(line)["event"] for line in capfd.readouterr().err.splitlines()] == ["request", "second"]
    _request(status=200)
    structlog.get_logger("x").error("bad")
    lines.sink().flush()
    assert [json.loads(line)["event"] for line in capfd.readouterr().err.splitlines()] == ["request", "bad"]
