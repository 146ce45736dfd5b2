"""The audit logs an error when a promise is broken, and survives when the database is down."""

import asyncio
import json

import pytest
from prometheus_client import REGISTRY

from box_office import an_event, open_engine, sql, until
from holdfast.application.catalogue.create_event import create_event
from holdfast.infrastructure.postgres.upkeep.auditor import PostgresAuditor
from holdfast.telemetry import lines
from holdfast.telemetry.logging import configure_logging
from holdfast.worker.audit import audit_invariants

_RESULTS = ("sound", "broken", "failed")


def _value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def _audits() -> float:
    return sum(_value("holdfast_audits_total", cell="0", result=result) for result in _RESULTS)


async def _one_round(database_url: str) -> None:
    stop = asyncio.Event()
    before = _audits()
    auditing = asyncio.create_task(audit_invariants(PostgresAuditor(database_url), stop=stop))
    async with asyncio.timeout(20):
        await until(lambda: _audits() > before)
    stop.set()
    await auditing


@pytest.mark.slow
async def test_a_broken_promise_is_counted_and_logged_with_its_rows(database_url, capfd):
    configure_logging("production", "INFO")
    async with open_engine(database_url) as engine:
        event = await create_event(engine.catalogue, an_event())
    await _one_round(database_url)
    assert _value("holdfast_invariant_violations", cell="0", invariant="counters_count") == 0
    assert "invariant_broken" not in capfd.readouterr().err

    await sql(database_url, "UPDATE events SET confirmed_reservations = 3")
    await _one_round(database_url)
    lines.sink().flush()
    (line,) = [json.loads(text) for text in capfd.readouterr().err.splitlines() if "invariant_broken" in text]
    assert line["level"] == "error"
    assert line["invariant"] == "counters_count"
    assert line["rows"][0]["event_id"] == str(event.id)
    assert line["rows"][0]["confirmed_reservations"] == "3"
    assert _value("holdfast_invariant_violations", cell="0", invariant="counters_count") == 1

    await sql(database_url, "UPDATE events SET confirmed_reservations = 0")
    await _one_round(database_url)
    assert _value("holdfast_invariant_violations", cell="0", invariant="counters_count") == 0


class _Poisonous:
    """An auditor with a bug."""

    async def audit(self):
        raise ZeroDivisionError

    async def close(self):
        pass


async def test_a_bug_in_the_audit_ends_no_loop(capfd):
    configure_logging("production", "INFO")
    stop = asyncio.Event()
    before = _value("holdfast_rounds_failed_total", cell="0", loop="audit", cause="bug")
    auditing = asyncio.create_task(audit_invariants(_Poisonous(), stop=stop, round_seconds=0.01))
    async with asyncio.timeout(20):
        await until(lambda: _value("holdfast_rounds_failed_total", cell="0", loop="audit", cause="bug") > before + 2)
    assert not auditing.done()
    stop.set()
    await auditing
    lines.sink().flush()
    assert "ZeroDivisionError" in capfd.readouterr().err


async def test_an_audit_that_cannot_be_made_is_counted(capfd):
    configure_logging("production", "INFO")
    failed = _value("holdfast_audits_total", cell="0", result="failed")
    await _one_round("postgresql://u:p@127.0.0.1:1/none")
    assert _value("holdfast_audits_total", cell="0", result="failed") == failed + 1
    lines.sink().flush()
    assert "audit_failed" in capfd.readouterr().err
