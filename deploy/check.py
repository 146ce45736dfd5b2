#!/usr/bin/env python3
"""Check the files of deploy/, compose.yaml, the Containerfile and the workflows with the validators that are there.

`make deploy-check`. A validator that is missing is named and skipped; with `--all` that is an error, as in the
pipeline.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
CHART = CHECKOUT / "deploy" / "helm" / "holdfast"
UNITS = CHECKOUT / "deploy" / "systemd"
KUBERNETES = ("1.27", "1.37")
"""The oldest version that the chart names, and the newest whose schemas the validator has."""
EXPOSURE_MAX = 20
"""For `systemd-analyze security`, in tenths: 2.0 of 10."""
WHERE_FROM = {
    "hadolint": "requirements/deploy.txt",
    "docker-compose": "requirements/deploy.txt",
    "kubernetes-validate": "requirements/deploy.txt",
    "helm": "`make deploy-tools`, which needs Go",
    "actionlint": "`make deploy-tools`, which needs Go",
    "shellcheck": "requirements/deploy.txt",
    "systemd-analyze": "Debian's package systemd",
    "nginx": "Debian's package nginx",
}


class Failed(Exception):
    """A validator refused a file."""


class Missing(Exception):
    """A validator is not installed."""


def main() -> int:
    """Run every check; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true", help="a missing validator is an error")
    given = parser.parse_args()
    bad = 0
    for check in (container, compose, proxy, chart, units, workflows):
        title = (check.__doc__ or "").partition(":")[0]
        try:
            with tempfile.TemporaryDirectory(prefix="holdfast-deploy-") as folder:
                for line in check(Path(folder)):
                    say(f"{title}: {line}")
        except Failed as error:
            bad += 1
            say(f"{title}: FAILED\n{error}")
        except Missing as error:
            bad += given.all
            say(f"{title}: not checked, there is no {error} (it comes from {WHERE_FROM[str(error)]})")
    return 1 if bad else 0


def container(_folder: Path) -> Iterator[str]:
    """Containerfile: hadolint."""
    run(tool("hadolint"), CHECKOUT / "Containerfile")
    yield "hadolint has nothing to say"


def compose(folder: Path) -> Iterator[str]:
    """compose.yaml: docker-compose reads it, with every secret given."""
    secrets = folder / "env"
    lines = (CHECKOUT / "deploy/compose/env.example").read_text().splitlines()
    secrets.write_text("\n".join(f"{line}x" if line.endswith(("PASSWORD=", "KEY=")) else line for line in lines))
    compose_file = ["--env-file", secrets, "--file", CHECKOUT / "compose.yaml"]
    names = run(tool("docker-compose"), *compose_file, "config", "--services").split()
    run(tool("docker-compose"), *compose_file, "config", "--quiet")
    yield f"docker-compose reads it: {len(names)} services, {', '.join(sorted(names))}"


def proxy(folder: Path) -> Iterator[str]:
    """Proxy of compose.yaml: nginx -t, on loopback."""
    shutil.copyfile(CHECKOUT / "deploy/nginx.conf", folder / "nginx.conf")
    shutil.copytree(CHECKOUT / "deploy/compose/nginx/run", folder / "run")
    server = folder / "run" / "server.conf"
    server.write_text(server.read_text().replace("listen 8080", "listen 127.0.0.1:8080"))
    run(tool("nginx"), "-t", "-q", "-e", "stderr", "-p", folder, "-c", folder / "nginx.conf")
    yield "nginx -t accepts it"


def chart(folder: Path) -> Iterator[str]:
    """Helm chart: helm lint, and every object against Kubernetes' schemas."""
    for values in ([], ["--values", CHART / "ci" / "everything.yaml"]):
        run(tool("helm"), "lint", "--strict", CHART, *values)
        objects = folder / "objects.yaml"
        objects.write_text(run(tool("helm"), "template", "tickets", CHART, *values))
        for version in KUBERNETES:
            said = run(tool("kubernetes-validate"), "--strict", "-k", version, objects)
            passed = said.count(" passed for ")
            skipped = [line.split("kind ")[1].split()[0] for line in said.splitlines() if "find schema" in line]
            more = f"; without a schema: {', '.join(skipped)}" if skipped else ""
            yield f"helm lint --strict passes; {passed} objects are valid for Kubernetes {version}{more}"
    for value in ("settings.AUTH_MODE=none", "settings.AUTH_MODE=gateway", "settings.DB_PASSWORD=x", "nodes.replica=2"):
        command = [tool("helm"), "template", "tickets", CHART, "--set", value]
        if subprocess.run(command, capture_output=True, check=False).returncode == 0:
            raise Failed(f"values.schema.json lets {value} pass")
        yield f"values.schema.json refuses {value}"


def units(folder: Path) -> Iterator[str]:
    """Units: systemd-analyze verify and security, in a root of their own."""
    analyze = tool("systemd-analyze")
    place = folder / "etc/systemd/system"
    shutil.copytree(UNITS, place)
    (folder / "etc/holdfast").mkdir()
    shutil.copyfile(UNITS / "holdfast.env.example", folder / "etc/holdfast/holdfast.env")
    program = folder / "opt/holdfast/bin/holdfast"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    shutil.copytree("/usr/lib/systemd/system", folder / "usr/lib/systemd/system", symlinks=True)
    names = ["holdfast-api@8081.service", "holdfast-worker.service", "holdfast-migrate.service", "holdfast.target"]
    said = run(analyze, "verify", f"--root={folder}", "--man=no", *names)
    if said.strip():
        raise Failed(said)
    yield "systemd-analyze verify has nothing to say"
    for name in ("holdfast-api@.service", "holdfast-worker.service", "holdfast-migrate.service"):
        options = ["--offline=true", f"--root={folder}", f"--threshold={EXPOSURE_MAX}", "--no-pager"]
        yield f"{name}: {run(analyze, 'security', *options, name).strip().splitlines()[-1].strip('→ ')}"


def workflows(_folder: Path) -> Iterator[str]:
    """Workflows: actionlint, with shellcheck for their scripts."""
    files = sorted((CHECKOUT / ".github/workflows").glob("*.yml"))
    run(tool("actionlint"), "-shellcheck", tool("shellcheck"), *files)
    yield f"actionlint and shellcheck have nothing to say on {', '.join(path.name for path in files)}"
    scripts = sorted((CHECKOUT / "deploy").rglob("*.sh"))
    run(tool("shellcheck"), *scripts)
    yield f"shellcheck has nothing to say on {', '.join(path.name for path in scripts)}"


def tool(name: str) -> Path:
    """Return a validator's program: of the environment that `make` has made, else from PATH."""
    places = [CHECKOUT / ".venv/deploy/bin", CHECKOUT / ".venv/go", *map(Path, os.environ.get("PATH", "").split(":"))]
    if os.environ.get("DEPLOY_TOOLS"):
        places.insert(0, Path(os.environ["DEPLOY_TOOLS"]))
    for place in [*places, Path("/usr/sbin")]:
        if os.access(place / name, os.X_OK):
            return place / name
    raise Missing(name)


def run(program: Path, *words: object) -> str:
    """Run a validator; returns what it says.

    Raises:
        Failed: it refused.
    """
    done = subprocess.run([program, *map(str, words)], capture_output=True, text=True, check=False, cwd=CHECKOUT)
    if done.returncode != 0:
        raise Failed(done.stdout + done.stderr)
    return done.stdout + done.stderr


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
