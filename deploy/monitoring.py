#!/usr/bin/env python3
"""Start Prometheus, and Grafana if installed, for the Holdfast on this machine, and stop them again.

`up` looks for running API nodes on PORT and the sixteen ports after it, and for the worker on WORKER_METRICS_PORT, and
writes them into the target files. Data, logs and process ids are in HOLDFAST_DATA_DIR/monitoring.
"""

import functools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

DEPLOY = Path(__file__).resolve().parent
PORTS_AFTER = 16
START_SECONDS = 20.0
STOP_SECONDS = 10.0
GRAFANA_HOMES = ("/usr/share/grafana", "/usr/local/share/grafana", "/opt/homebrew/share/grafana")

_no_proxy = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class MonitoringError(Exception):
    """An error that the user can act on, in one line."""


def main(arguments: list[str]) -> int:
    """Run the command; returns the exit code."""
    if arguments not in (["up"], ["down"]):
        _tell("usage: monitoring.py up | down")
        return 2
    folder = Path(os.environ.get("HOLDFAST_DATA_DIR") or ".holdfast").absolute() / "monitoring"
    try:
        up(folder) if arguments == ["up"] else down(folder)
    except MonitoringError as error:
        _tell(f"holdfast: {error}")
        return 1
    return 0


def up(folder: Path) -> None:
    """Start what is installed and not running yet.

    Raises:
        MonitoringError: Prometheus is not installed or does not start, or Holdfast is not running.
    """
    prometheus = _installed("prometheus")
    if prometheus is None:
        raise MonitoringError("prometheus is not installed: apt-get install prometheus, or see https://prometheus.io")
    targets = find_targets()
    if not targets["api"]:
        port = _number("PORT", 8080)
        raise MonitoringError(
            f"no Holdfast answers on the ports {port} to {port + PORTS_AFTER}: "
            "start one with `make run` or `make scale`"
        )
    folder.mkdir(parents=True, exist_ok=True)
    write_configuration(folder, targets)
    for kind, addresses in targets.items():
        _say(f"Scraping {kind + ':':<11}{', '.join(addresses) or 'none found'}")
    url = _start_prometheus(prometheus, folder)
    _say(f"Prometheus:         {url}")
    grafana = _grafana()
    if grafana is None:
        _say(f"Grafana:            not installed; the dashboard is {DEPLOY / 'grafana/dashboards/holdfast.json'}")
    else:
        _say(f"Grafana:            {_start_grafana(*grafana, folder, url)}")


def down(folder: Path) -> None:
    """Stop what `up` started; the data is kept."""
    for name in ("grafana", "prometheus"):
        pid_file = folder / f"{name}.pid"
        pid = _running(pid_file, name)
        if pid is not None:
            os.kill(pid, signal.SIGTERM)
            _wait(functools.partial(_has_ended, pid_file, name), STOP_SECONDS)
            _say(f"{name} has ended")
        pid_file.unlink(missing_ok=True)


def find_targets() -> dict[str, list[str]]:
    """Look for the running processes: {kind: ["host:port", …]}.

    A proxy on PORT would send every scrape to another node, so PORT itself counts only if there are no nodes on the
    ports after it.
    """
    port, worker_port = _number("PORT", 8080), _number("WORKER_METRICS_PORT", 9464)
    near_ports = (near for near in range(port + 1, port + 1 + PORTS_AFTER) if near != worker_port)
    nodes = [f"127.0.0.1:{near}" for near in near_ports if _is_holdfast("127.0.0.1", near)]
    if not nodes and _is_holdfast("127.0.0.1", port):
        nodes = [f"127.0.0.1:{port}"]
    worker = [f"127.0.0.1:{worker_port}"] if worker_port and _is_holdfast("127.0.0.1", worker_port) else []
    return {"api": nodes, "worker": worker}


def write_configuration(folder: Path, targets: dict[str, list[str]]) -> Path:
    """Copy the configuration beside the target files; returns the path to start Prometheus with."""
    lists = folder / "targets"
    lists.mkdir(exist_ok=True)
    for name in ("prometheus.yml", "alerts.yml"):
        shutil.copyfile(DEPLOY / "prometheus" / name, folder / name)
    for kind, addresses in targets.items():
        (lists / f"{kind}.json").write_text(json.dumps([{"targets": addresses}]), encoding="utf-8")
    return folder / "prometheus.yml"


def _start_prometheus(program: str, folder: Path) -> str:
    url_file = folder / "prometheus.url"
    if _running(folder / "prometheus.pid", "prometheus") is not None:
        return url_file.read_text(encoding="utf-8")
    port = _free_port(_number("PROMETHEUS_PORT", 9090))
    url = f"http://127.0.0.1:{port}"
    command = [
        program,
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'prometheus-data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    _start("prometheus", command, folder, f"{url}/-/ready", dict(os.environ))
    url_file.write_text(url, encoding="utf-8")
    return url


def _start_grafana(command: list[str], home: str, folder: Path, prometheus_url: str) -> str:
    url_file = folder / "grafana.url"
    if _running(folder / "grafana.pid", "grafana") is not None:
        return url_file.read_text(encoding="utf-8")
    port = _free_port(_number("GRAFANA_PORT", 3000))
    url = f"http://127.0.0.1:{port}"
    environment = {
        **os.environ,
        "GF_SERVER_HTTP_ADDR": "127.0.0.1",
        "GF_SERVER_HTTP_PORT": str(port),
        "GF_PATHS_DATA": str(folder / "grafana-data"),
        "GF_PATHS_LOGS": str(folder / "grafana-data"),
        "GF_PATHS_PROVISIONING": str(DEPLOY / "grafana/provisioning"),
        "GF_AUTH_ANONYMOUS_ENABLED": "true",
        "GF_ANALYTICS_REPORTING_ENABLED": "false",
        "PROMETHEUS_URL": prometheus_url,
        "HOLDFAST_DASHBOARDS": str(DEPLOY / "grafana/dashboards"),
    }
    _start("grafana", [*command, f"--homepath={home}"], folder, f"{url}/api/health", environment)
    address = f"{url}/d/holdfast"
    url_file.write_text(address, encoding="utf-8")
    return address


def _start(name: str, command: list[str], folder: Path, ready_url: str, environment: dict[str, str]) -> None:
    log_path = folder / f"{name}.log"
    with log_path.open("ab") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, start_new_session=True
        )
    (folder / f"{name}.pid").write_text(str(process.pid), encoding="utf-8")
    if not _wait(lambda: process.poll() is not None or _answers(ready_url) is not None, START_SECONDS):
        raise MonitoringError(f"{name} did not answer within {START_SECONDS:.0f} s (log: {log_path})")
    if process.poll() is not None:
        raise MonitoringError(f"{name} ended while it started (log: {log_path})")


def _installed(name: str) -> str | None:
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/bin")


def _grafana() -> tuple[list[str], str] | None:
    """Grafana's command and its home folder."""
    home = next((folder for folder in GRAFANA_HOMES if Path(folder, "conf").is_dir()), None)
    for name, more in (("grafana", ["server"]), ("grafana-server", [])):
        program = _installed(name)
        if program is not None and home is not None:
            return [program, *more], home
    return None


def _is_holdfast(host: str, port: int) -> bool:
    return "holdfast_build_info" in (_answers(f"http://{host}:{port}/metrics") or "")


def _answers(url: str) -> str | None:
    try:
        with _no_proxy.open(url, timeout=2.0) as answer:
            return str(answer.read().decode(errors="replace"))
    except (OSError, ValueError):
        return None


def _running(pid_file: Path, name: str) -> int | None:
    """The process of a pid file, if it is still that program."""
    try:
        pid = int(pid_file.read_text(encoding="utf-8"))
        ask = ["/bin/ps", "-o", "args=", "-p", str(pid)]
        command = subprocess.run(ask, capture_output=True, text=True, check=True)
    except (OSError, ValueError, subprocess.CalledProcessError):
        return None
    return pid if name in command.stdout and "<defunct>" not in command.stdout else None


def _has_ended(pid_file: Path, name: str) -> bool:
    return _running(pid_file, name) is None


def _free_port(wanted: int) -> int:
    """Return the wanted port, or the next free one."""
    for port in range(wanted, wanted + 100):
        try:
            with socket.create_server(("127.0.0.1", port)):
                return port
        except OSError:
            continue
    raise MonitoringError(f"no free port from {wanted} on")


def _number(variable: str, default: int) -> int:
    given = os.environ.get(variable) or str(default)
    if not given.isascii() or not given.isdigit() or int(given) > 65_535:
        raise MonitoringError(f"{variable}: must be a port number")
    return int(given)


def _wait(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


def _tell(line: str) -> None:
    sys.stderr.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
