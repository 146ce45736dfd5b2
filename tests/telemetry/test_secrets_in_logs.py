"""No line of the log has a secret."""

import json
import logging

import asyncpg
import httpx
import pytest
import structlog

from api.serving import serving
from builders import a_wish, an_event, numbered_seats
from holdfast.application.failures import GuardMismatch
from holdfast.bootstrap.api import application
from holdfast.infrastructure.postgres.driver.failures import translated
from holdfast.server_urls.cells import Cell
from holdfast.settings import Settings
from holdfast.telemetry.logging import configure_logging
from telemetry.log_lines import lines_of
from telemetry.programs import running

CANARY = "canary-7f3b1c"


@pytest.mark.parametrize(
    "text",
    [
        f"postgresql://holdfast:{CANARY}@db/holdfast",
        f"redis://:{CANARY}@cache:6379/0",
        f"Authorization: Bearer {CANARY}",
        f"headers {{'authorization': 'Basic {CANARY}'}}",
        f"Cookie: {CANARY}",
        f"idempotency_key={CANARY}",
        f"DETAIL:  Key (idempotency_key, user_id)=({CANARY}, ann) already exists.",
        f"Failing\nDETAIL:  Failing row contains ({CANARY}, 1).\nHINT: none",
    ],
)
@pytest.mark.parametrize("app_env", ["production", "development"])
def test_secrets_are_known_by_their_form(capfd, app_env, text):
    configure_logging(app_env, "INFO")
    structlog.get_logger("x").info("event", value=text, nested=[{"deep": text}])
    logging.getLogger("y").warning(text)
    try:
        raise RuntimeError(text)  # noqa: TRY301 - the traceback is what is looked at
    except RuntimeError as error:
        structlog.get_logger("x").exception("failed", error=error)
    written = "\n".join(lines_of(capfd))
    assert "failed" in written
    assert CANARY not in written


def test_known_secrets_are_hidden_wherever_they_stand(capfd):
    settings = Settings(db_host="h", db_password="p@ss/word", redis_url=f"redis://:{CANARY}@r:1/0")
    configure_logging("production", "INFO", secrets=settings.secrets())
    structlog.get_logger("x").info("connecting", to=f"with p@ss/word or p%40ss%2Fword or {CANARY}")
    assert json.loads(lines_of(capfd)[0])["to"] == "with *** or *** or ***"


async def test_a_broken_guard_is_logged_without_the_row(database_url, capfd):
    """PostgreSQL's message about a violated constraint contains the whole row."""
    configure_logging("production", "INFO")
    connection = await asyncpg.connect(database_url)
    insert = (
        "INSERT INTO reservations SELECT gen_random_uuid(), $1::uuid, 'ann', $2, ''::bytea, ARRAY[gen_random_uuid()],"
        " 'pending', NULL, 1, now(), now(), NULL, 1, 1"
    )
    event_id = "01890000-0000-7000-8000-000000000000"
    await connection.execute(insert, event_id, CANARY)
    with pytest.raises(GuardMismatch) as mismatch, translated(Cell.of(database_url)):
        await connection.execute(insert, event_id, CANARY)
    await connection.close()
    assert CANARY in str(mismatch.value)
    structlog.get_logger("x").error("guard_mismatch", error=str(mismatch.value))
    assert CANARY not in "".join(lines_of(capfd))


def _everything(http: httpx.Client) -> set[int]:
    """Call every route, correctly and incorrectly, with secrets wherever a caller may put them."""
    headers = {
        "X-User-ID": f"user-{CANARY}",
        "Authorization": f"Bearer {CANARY}",
        "Cookie": f"session={CANARY}",
        "X-Api-Key": CANARY,
    }
    statuses = set()

    def ask(method: str, path: str, **more) -> httpx.Response:
        with http.stream(method, path, headers=headers, **more) as answer:
            statuses.add(answer.status_code)
            if not answer.headers.get("content-type", "").startswith("text/event-stream"):
                answer.read()
        return answer

    document = ask("GET", "/openapi.json").json()
    event_id = ask("POST", "/api/v1/events", json=an_event(name=CANARY)).json()["id"]
    seats = ask("POST", f"/api/v1/events/{event_id}/seats/bulk", json=numbered_seats(count=3)).json()
    wish = a_wish(event_id=event_id, seat_ids=[seats[0]["id"]], idempotency_key=CANARY)
    made = ask("POST", "/api/v1/reservations", json=wish).json()["id"]
    ask("POST", "/api/v1/reservations", json=wish)
    ask("POST", "/api/v1/reservations", json=wish | {"seat_ids": [seats[1]["id"]]})
    ask("POST", "/api/v1/reservations", json=wish | {"idempotency_key": f"other-{CANARY}"})
    for path, operations in document["paths"].items():
        for method in (*operations, "patch"):
            for known in (made, event_id, CANARY):
                concrete = path
                while "{" in concrete:
                    concrete = f"{concrete[: concrete.index('{')]}{known}{concrete[concrete.index('}') + 1 :]}"
                if method != "delete":
                    ask(method.upper(), f"{concrete}?token={CANARY}", content=f'{{"idempotency_key": "{CANARY}"')
    ask("GET", f"/{CANARY}?password={CANARY}")
    ask("POST", "/api/v1/events", content=CANARY.encode() * 10)
    return statuses


@pytest.mark.runs
@pytest.mark.parametrize("app_env", ["production", "development"])
def test_no_route_writes_a_secret(database_url, redis_url, tmp_path, app_env):
    with running(
        "serve",
        tmp_path,
        APP_ENV=app_env,
        AUTH_MODE="open",
        LOG_LEVEL="DEBUG",
        DATABASE_URL=database_url,
        REDIS_URL=redis_url,
    ) as node:
        with httpx.Client(base_url=node.url, timeout=20) as http:
            statuses = _everything(http)
        assert {200, 201, 400, 404, 405, 409, 422} <= statuses
        assert node.stop() == 0
        assert node.log().count("request") > 50
        assert CANARY not in node.log()


def test_a_database_that_is_away_costs_no_secret(tmp_path):
    with running(
        "serve", tmp_path, LOG_LEVEL="DEBUG", DATABASE_URL=f"postgresql://u:{CANARY}@127.0.0.1:1/d?user=x"
    ) as node:
        with httpx.Client(base_url=node.url, timeout=20) as http:
            answer = http.get("/api/v1/events")
        assert answer.status_code == 503
        assert node.stop() == 0
        assert '"status":503' in node.log()
        assert CANARY not in node.log()


async def test_a_bug_is_logged_with_its_request_and_without_secrets(database_url, capfd, monkeypatch):
    configure_logging("production", "INFO")

    async def fail(*_: object, **__: object) -> None:
        raise RuntimeError(f"Authorization: Bearer {CANARY}")

    monkeypatch.setattr("holdfast.infrastructure.postgres.reading.reads.PostgresReads.events", fail)
    async with (
        application(Settings(database_url=database_url)) as app,
        serving(app) as url,
        httpx.AsyncClient(base_url=url) as http,
    ):
        answer = await http.get("/api/v1/events", headers={"X-Request-ID": "mine-1"})
    assert answer.status_code == 500
    written = lines_of(capfd)
    assert CANARY not in "".join(written)
    of_request = [json.loads(line) for line in written if '"mine-1"' in line]
    assert [line["event"] for line in of_request] == ["unexpected error", "request"]
    assert "RuntimeError" in of_request[0]["exception"]
