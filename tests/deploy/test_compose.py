"""compose.yaml against the settings, nginx' files and Prometheus' targets: what no validator knows."""

import json
import re
import stat
import subprocess
import sys

import pytest

from deploy.files import CHECKOUT, OPEN_FILES, PROBES, SETTINGS, read, read_yaml
from holdfast.settings import Settings, load_settings

COMPOSE = read_yaml("compose.yaml")
SERVICES = COMPOSE["services"]
NODES = [name for name in SERVICES if name.startswith("node-")]
OURS = [*NODES, "worker", "migrate"]
ENVIRONMENT = SERVICES["node-1"]["environment"]


def seconds(text: str) -> int:
    return int(re.fullmatch(r"(\d+)s", text)[1])


@pytest.mark.parametrize("name", OURS)
def test_every_variable_is_a_setting(name):
    assert set(SERVICES[name]["environment"]) <= SETTINGS


@pytest.mark.parametrize("mode", [{}, {"AUTH_MODE": "gateway", "GATEWAY_PEERS": "172.29.83.5"}])
def test_the_variables_make_a_configuration(tmp_path, monkeypatch, mode):
    """With the .env that `make compose-env` writes, every value is one that the settings take."""
    path = tmp_path / ".env"
    subprocess.run([sys.executable, CHECKOUT / "deploy/compose/make_env.py", path], check=True, capture_output=True)
    given = dict(line.split("=", 1) for line in path.read_text().splitlines() if line and line[0] != "#") | mode
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in SERVICES["worker"]["environment"].items():
        monkeypatch.setenv(name, filled(value, given))
    settings = load_settings()
    assert settings.auth_mode == given["AUTH_MODE"]
    assert settings.trusted_proxies == SERVICES["nginx"]["networks"]["inside"]["ipv4_address"]
    assert settings.archive_after_days is None
    assert settings.db_password.get_secret_value() == given["DB_PASSWORD"] != given["REDIS_PASSWORD"]


def filled(value: str, given: dict[str, str]) -> str:
    def variable(found: re.Match) -> str:
        name, kind, word = found.groups()
        return given.get(name) or (word if kind == ":-" else pytest.fail(f"{name} is not in .env"))

    return re.sub(r"\$\{([A-Z0-9_]+)(:-|:\?)([^}]*)\}", variable, value)


def test_the_example_has_every_variable_and_no_other():
    used = set(re.findall(r"\$\{([A-Z0-9_]+)", read("compose.yaml")))
    assert set(re.findall(r"^([A-Z0-9_]+)=", read("deploy/compose/env.example"), re.MULTILINE)) == used


def test_only_the_worker_archives_and_it_has_a_place_for_the_files():
    archiving = {name for name in SETTINGS if name.startswith("ARCHIVE_")}
    assert not any(archiving & SERVICES[name]["environment"].keys() for name in [*NODES, "migrate"])
    left = archiving - SERVICES["worker"]["environment"].keys()
    assert left == {"ARCHIVE_DB_USER", "ARCHIVE_DB_PASSWORD"}, "here one role owns everything"
    assert SERVICES["worker"]["volumes"] == ["archive:/archive"]
    assert "-o 10001 -g 10001 -m 0750 /archive" in read("Containerfile"), "a new volume would belong to root"


def test_env_is_written_once_and_for_its_owner_only(tmp_path):
    path = tmp_path / ".env"
    command = [sys.executable, CHECKOUT / "deploy/compose/make_env.py", path]
    subprocess.run(command, check=True, capture_output=True)
    first = path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    subprocess.run(command, check=True, capture_output=True)
    assert path.read_text() == first
    assert ".env" in read(".gitignore").splitlines()


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_confined(name):
    service = SERVICES[name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert {"mem_limit", "cpus", "pids_limit", "healthcheck"} <= service.keys()
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
    for word in str(service).replace("'", " ").split():
        assert not re.search(r"(PASSWORD|KEY)=.", word), "a secret stands in the file"


@pytest.mark.parametrize("name", [*NODES, "worker"])
def test_a_process_may_finish_before_it_is_killed(name):
    drain, shutdown = int(ENVIRONMENT["DRAIN_SECONDS"]), int(ENVIRONMENT["SHUTDOWN_SECONDS"])
    assert Settings.model_fields["batch_seconds_max"].default < shutdown - drain
    assert shutdown < seconds(SERVICES[name]["stop_grace_period"])


@pytest.mark.parametrize("name", [*NODES, "worker"])
def test_health_checks_ask_for_what_there_is(name):
    *command, path = SERVICES[name]["healthcheck"]["test"][:6]
    assert command[:5] == ["CMD", "python", "-I", "-m", "holdfast.health"]
    assert path in PROBES
    assert SERVICES[name]["ulimits"]["nofile"]["soft"] == OPEN_FILES


def test_nothing_starts_before_the_schema_is_there():
    for name in [*NODES, "worker"]:
        wanted = SERVICES[name]["depends_on"]
        assert wanted["migrate"] == {"condition": "service_completed_successfully"}
        assert wanted["postgres"] == {"condition": "service_healthy"}
    assert all(SERVICES["nginx"]["depends_on"][node]["condition"] == "service_healthy" for node in NODES)
    assert SERVICES["migrate"]["command"] == ["migrate", "up"]


def test_nginx_knows_the_nodes():
    listed = re.findall(r"server ([0-9.]+):8080 ", read("deploy/compose/nginx/run/nodes.conf"))
    assert listed == [SERVICES[name]["networks"]["inside"]["ipv4_address"] for name in NODES]


def test_prometheus_scrapes_every_process():
    targets = {
        address
        for kind in ("api", "worker")
        for group in json.loads(read(f"deploy/compose/targets/{kind}.json"))
        for address in group["targets"]
    }
    nodes = {f"{name}:{ENVIRONMENT['METRICS_PORT']}" for name in NODES}
    assert targets == nodes | {f"worker:{ENVIRONMENT['WORKER_METRICS_PORT']}"}


def test_mounted_files_are_there():
    mounts = [mount for service in SERVICES.values() for mount in service.get("volumes", []) if mount[0] == "."]
    assert len(mounts) > 5
    assert all((CHECKOUT / mount.split(":")[0]).exists() and mount.endswith(":ro") for mount in mounts)
