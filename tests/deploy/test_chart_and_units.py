"""The Helm chart's values and the systemd units against the settings. `make deploy-check` renders and verifies them."""

import json
import re

import pytest

from deploy.files import CHECKOUT, OPEN_FILES, PROBES, SETTINGS, read, read_yaml
from holdfast import __version__
from holdfast.settings import Settings

CHART = "deploy/helm/holdfast"
VALUES = read_yaml(f"{CHART}/values.yaml")
TEMPLATES = {path.name: path.read_text() for path in (CHECKOUT / CHART / "templates").iterdir()}
UNITS = {path.name: path.read_text() for path in (CHECKOUT / "deploy/systemd").glob("*.service")}


def test_the_chart_is_of_this_version():
    assert read_yaml(f"{CHART}/Chart.yaml")["appVersion"] == __version__


def test_every_value_is_a_setting():
    fixed = set(re.findall(r"^  ([A-Z_]+): ", TEMPLATES["configmap.yaml"], re.MULTILINE))
    assert fixed >= {"PORT", "DRAIN_SECONDS", "SHUTDOWN_SECONDS"}
    assert set(VALUES["settings"]) | fixed <= SETTINGS
    schema = json.loads(read(f"{CHART}/values.schema.json"))["properties"]["settings"]["properties"]
    assert schema.keys() <= SETTINGS
    secrets = {name.upper() for name, field in Settings.model_fields.items() if "Secret" in str(field.annotation)}
    assert {name for name in secrets if name != "OIDC_ISSUERS"} <= schema.keys(), "a secret may stand among the values"


def test_the_schema_knows_every_value():
    schema = json.loads(read(f"{CHART}/values.schema.json"))["properties"]
    assert VALUES.keys() <= schema.keys()
    for name, value in VALUES.items():
        if isinstance(value, dict) and name != "settings":
            assert value.keys() == schema[name]["properties"].keys(), name


def test_the_migrations_have_every_setting_of_the_nodes():
    """In gateway mode `holdfast migrate` once ended at once: it had AUTH_MODE, and no GATEWAY_PEERS."""
    for name in ("configmap.yaml", "_helpers.tpl"):
        assert re.search(r"range \$name, \$value := \S*\.Values\.settings", TEMPLATES[name])


def test_a_pod_has_time_to_finish():
    left = VALUES["shutdownSeconds"] - VALUES["drainSeconds"]
    assert left > Settings.model_fields["batch_seconds_max"].default
    assert "add .Values.preStopSeconds .Values.shutdownSeconds 5" in TEMPLATES["_helpers.tpl"]


def test_probes_ask_for_what_there_is_on_ports_that_are_open():
    for name in ("nodes.yaml", "worker.yaml"):
        text = TEMPLATES[name]
        probes = re.findall(r"httpGet: \{path: (\S+), port: (\w+)\}", text)
        ports = dict(re.findall(r"\{name: (\w+), containerPort: (\d+)\}", text))
        assert {path for path, _ in probes} <= PROBES
        assert {port for _, port in probes} <= ports.keys()
        for number in ports.values():
            assert f': "{number}"' in TEMPLATES["configmap.yaml"]


@pytest.mark.parametrize("name", UNITS)
def test_units_have_the_same_walls(name):
    walls = UNITS[name].partition("# What it may do")[2].partition("\n[")[0].strip()
    assert "ProtectSystem=strict" in walls
    assert walls == UNITS["holdfast-migrate.service"].partition("# What it may do")[2].strip()


def settings_in(path):
    lines = [line for line in read(path).splitlines() if line and line[0] != "#"]
    return dict(line.split("=", 1) for line in lines)


def test_only_workers_get_the_archivers_login():
    """It may remove sales, which a node that somebody has broken into must not."""
    read_by = [name for name, text in TEMPLATES.items() if ".Values.secrets.workerName" in text]
    assert read_by == ["worker.yaml"]
    given = settings_in("deploy/systemd/worker.env.example")
    assert {name for name in SETTINGS if name.startswith("ARCHIVE_")} == given.keys()
    assert not given.keys() & settings_in("deploy/systemd/holdfast.env.example").keys()
    assert [name for name, text in UNITS.items() if "worker.env" in text] == ["holdfast-worker.service"]
    assert f"ReadWritePaths=-{given['ARCHIVE_TO']}\n" in UNITS["holdfast-worker.service"]


def test_the_environment_of_the_units_is_settings():
    given = settings_in("deploy/systemd/holdfast.env.example")
    assert given.keys() <= SETTINGS
    for name in ("holdfast-api@.service", "holdfast-worker.service"):
        stop = int(re.search(r"TimeoutStopSec=(\d+)", UNITS[name])[1])
        assert stop > int(given["SHUTDOWN_SECONDS"]) > int(given["DRAIN_SECONDS"])
    assert f"LimitNOFILE={OPEN_FILES}" in UNITS["holdfast-api@.service"]


def test_units_run_commands_that_there_are():
    commands = {re.search(r"ExecStart=/opt/holdfast/bin/holdfast (\w+)", text)[1] for text in UNITS.values()}
    assert commands == {"serve", "work", "migrate"}
