"""A real Prometheus scrapes three API nodes and the worker; every query of the dashboard and the rules has data."""

import importlib.util
import json
import math
import re
import shutil
import subprocess
import threading
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
import yaml
from chaos.site.ports import quiet_port

from builders import a_wish, an_event, numbered_seats
from telemetry.programs import eventually, get, running

DEPLOY = Path(__file__).parents[2] / "deploy"
DASHBOARD = DEPLOY / "grafana" / "dashboards" / "holdfast.json"
RULES = DEPLOY / "prometheus" / "alerts.yml"
RULE_TESTS = DEPLOY / "prometheus" / "alerts_test.yml"
OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"

WANTED_PANELS = {
    "Request rate",
    "p95 latency",
    "Request rate per endpoint",
    "Latency distribution",
    "Reservation outcomes",
    "Reservation rate by status",
    "Pending holds",
    "Confirmed reservations",
    "Distributed-lock time",
    "Status codes",
    "Batch size",
    "Batch wait",
    "Seats sold per event over time",
    "Degraded gate",
    "Resubmissions and unknown outcomes",
    "Event-loop lag",
    "Connection pools",
}


def _panels() -> list[dict]:
    return [panel for panel in json.loads(DASHBOARD.read_text())["panels"] if panel["type"] != "row"]


def _rules() -> list[dict]:
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


def _queries() -> dict[str, str]:
    """Every query, by its purpose. For a rule: its value, without the comparison."""
    queries = {}
    for panel in _panels():
        for target in panel["targets"]:
            expression = target["expr"].replace("$__rate_interval", "15s").replace("$__range", "1m")
            queries[f"{panel['title']} {target['refId']}"] = expression
    for rule in _rules():
        value, compared = re.subn(r" (?:>|<|==|>=|<=) [0-9.]+$", "", rule["expr"])
        assert compared == 1, rule
        queries[rule["alert"]] = value
    return queries


def _monitoring():
    spec = importlib.util.spec_from_file_location("monitoring", DEPLOY / "monitoring.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class _Sale(threading.Thread):
    """A small load inside the block: holds, sales, conflicts, replays, refusals."""

    def __init__(self, urls: list[str]) -> None:
        super().__init__()
        self._urls = urls
        self._ended = threading.Event()
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            with ExitStack() as stack:
                nodes = [stack.enter_context(httpx.Client(base_url=f"{url}/api/v1", timeout=20)) for url in self._urls]
                event_id = nodes[0].post("/events", json=an_event(total_seats=2_000)).json()["id"]
                bulk = numbered_seats(count=2_000)
                seats = nodes[0].post(f"/events/{event_id}/seats/bulk", json=bulk).json()
                while not self._ended.wait(0.05):
                    for node in nodes:
                        self._sell(node, event_id, seats.pop()["id"], seats[0]["id"])
        except Exception as error:  # noqa: BLE001 - the test tells
            self.error = error

    @staticmethod
    def _sell(node: httpx.Client, event_id: str, seat: str, wanted_by_all: str) -> None:
        user = {"X-User-ID": "ann"}
        wish = a_wish(event_id=event_id, seat_ids=[seat])
        made = node.post("/reservations", json=wish, headers=user).json()
        node.post("/reservations", json=wish, headers=user)
        node.post(f"/reservations/{made['id']}/confirm", headers=user)
        node.post("/reservations", json=a_wish(event_id=event_id, seat_ids=[wanted_by_all]), headers=user)
        node.get(f"/reservations/{made['id']}", headers=user)
        node.get("/nothing")

    def end(self) -> None:
        self._ended.set()
        self.join()
        assert self.error is None, self.error


@pytest.fixture
def prometheus(database_url, redis_url, tmp_path):
    program = shutil.which("prometheus")
    if program is None:
        pytest.skip("prometheus is not installed")
    urls = {"DATABASE_URL": database_url, "REDIS_URL": redis_url}
    with ExitStack() as stack:
        nodes = [stack.enter_context(running("serve", tmp_path, **urls)).url for _ in range(3)]
        worker = stack.enter_context(running("work", tmp_path, **urls)).url
        targets = {
            "api": [url.removeprefix("http://") for url in nodes],
            "worker": [worker.removeprefix("http://")],
        }
        configuration = _monitoring().write_configuration(tmp_path, targets)
        text = re.sub(r"_(interval|timeout): \d+s", r"_\1: 1s", configuration.read_text())
        configuration.write_text(text)
        port = quiet_port()
        with (tmp_path / "prometheus.log").open("wb") as log:
            process = subprocess.Popen(
                [
                    program,
                    f"--config.file={configuration}",
                    f"--storage.tsdb.path={tmp_path / 'data'}",
                    f"--web.listen-address=127.0.0.1:{port}",
                ],
                stdout=log,
                stderr=log,
            )
        sale = _Sale(nodes)
        sale.start()
        try:
            url = f"http://127.0.0.1:{port}"
            eventually(lambda: get(f"{url}/-/ready"))
            yield url
        finally:
            process.terminate()
            process.wait(20)
            sale.end()


def _ask(url: str, expression: str) -> list[float]:
    answer = json.loads(get(f"{url}/api/v1/query?{urlencode({'query': expression})}"))
    assert answer["status"] == "success"
    return [float(series["value"][1]) for series in answer["data"]["result"]]


@pytest.mark.runs
def test_every_query_has_data(prometheus):
    missing = set(_queries())

    def all_have_data() -> bool:
        for name in sorted(missing):
            values = _ask(prometheus, _queries()[name])
            if any(math.isfinite(value) for value in values):
                missing.discard(name)
        return not missing

    try:
        eventually(all_have_data, seconds=30)
    except AssertionError:
        pytest.fail("no data: " + "; ".join(f"{name}: {_queries()[name]}" for name in sorted(missing)))

    assert _ask(prometheus, 'sum(up{job=~"holdfast-.*"})') == [4.0]
    assert len(_ask(prometheus, "active_reservations")) == 2, "one process of the four exports it"
    assert _ask(prometheus, 'sum(active_reservations{status="confirmed"})') > [0.0]
    eventually(lambda: _every_rule_was_evaluated(prometheus))
    firing = json.loads(get(f"{prometheus}/api/v1/alerts"))["data"]["alerts"]
    assert [alert["labels"]["alertname"] for alert in firing if alert["state"] == "firing"] == []


def _every_rule_was_evaluated(url: str) -> bool:
    groups = json.loads(get(f"{url}/api/v1/rules"))["data"]["groups"]
    health = {rule["name"]: rule["health"] for group in groups for rule in group["rules"]}
    assert set(health) == {rule["alert"] for rule in _rules()}
    return set(health.values()) == {"ok"}


def test_promtool_finds_nothing():
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed")
    for command in (["check", "rules", str(RULES)], ["check", "config", str(DEPLOY / "prometheus/prometheus.yml")]):
        done = subprocess.run([promtool, *command], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_fires_when_it_should_and_only_then():
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed")
    done = subprocess.run([promtool, "test", "rules", str(RULE_TESTS)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_has_a_test_of_either_kind():
    cases = [case for test in yaml.safe_load(RULE_TESTS.read_text())["tests"] for case in test["alert_rule_test"]]
    fires = {case["alertname"] for case in cases if case["exp_alerts"]}
    is_quiet = {case["alertname"] for case in cases if not case["exp_alerts"]}
    alerts = {rule["alert"] for rule in _rules()}
    assert (fires, is_quiet) == (alerts, alerts)


@pytest.mark.parametrize(
    ("answering", "api"),
    [({9_000, 9_004}, [9_000]), ({9_000, 9_001, 9_002, 9_004}, [9_001, 9_002]), ({9_004}, [])],
)
def test_the_worker_is_no_node_even_if_its_port_is_near(monkeypatch, answering, api):
    module = _monitoring()
    monkeypatch.setenv("PORT", "9000")
    monkeypatch.setenv("WORKER_METRICS_PORT", "9004")
    monkeypatch.setattr(module, "_is_holdfast", lambda _host, port: port in answering)
    assert module.find_targets() == {"api": [f"127.0.0.1:{port}" for port in api], "worker": ["127.0.0.1:9004"]}


def test_the_dashboard_has_its_panels():
    panels = _panels()
    titles = [panel["title"] for panel in panels]
    assert set(titles) >= WANTED_PANELS
    assert len(titles) == len(set(titles))
    assert all(target["expr"] for panel in panels for target in panel["targets"])


def test_panels_do_not_overlap():
    taken = set()
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not taken & cells, panel["title"]
        taken |= cells


def test_every_alert_says_what_is_wrong_and_where_to_read_on():
    headings = re.findall(r"^#+ (.+)$", OPERATIONS.read_text(), re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    for rule in _rules():
        notes = rule["annotations"]
        assert notes["summary"]
        assert notes["description"]
        page, _, anchor = notes["runbook_url"].partition("#")
        if page.startswith("docs/runbooks/"):
            assert (OPERATIONS.parents[1] / page).is_file(), rule["alert"]
        else:
            assert page == "docs/operations.md"
            assert anchor in anchors, rule["alert"]
        assert rule["labels"]["severity"] in ("critical", "warning")


def test_grafana_is_given_the_dashboard_and_prometheus():
    sources = yaml.safe_load((DEPLOY / "grafana/provisioning/datasources/prometheus.yml").read_text())["datasources"]
    assert [source["type"] for source in sources] == ["prometheus"]
    (provider,) = yaml.safe_load((DEPLOY / "grafana/provisioning/dashboards/holdfast.yml").read_text())["providers"]
    assert provider["type"] == "file"
    assert provider["options"]["path"] == "${HOLDFAST_DASHBOARDS}"


def test_monitoring_without_prometheus_or_holdfast_is_one_clear_line(tmp_path):
    script = str(DEPLOY / "monitoring.py")
    python = shutil.which("python3")
    folders = {"HOLDFAST_DATA_DIR": str(tmp_path), "PORT": str(quiet_port())}

    def ask(verb: str, **environment: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [python, script, verb], env=folders | environment, capture_output=True, text=True, check=False
        )

    if shutil.which("prometheus"):
        alone = ask("up", PATH="/usr/bin:/bin", WORKER_METRICS_PORT="0")
        assert (alone.returncode, alone.stdout) == (1, "")
        assert alone.stderr.startswith("holdfast: no Holdfast answers on the ports")
        assert alone.stderr.count("\n") == 1
    assert ask("down").returncode == 0
    assert ask("sideways").returncode == 2
