#!/usr/bin/env python3
"""Build the image without a container engine, start it, sell one seat through it, and print its size.

`make image-test`; needs root and Debian's packages buildah and debootstrap. Docker's base image cannot be reached from
everywhere, so the base is made here, of the same shape: Debian 13 with its own Python 3.13 (`--base IMAGE` names
another).
What runs is the image's own files and command, as its user, with a read-only root; the engine around it does not.
"""

import argparse
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from holdfast.infrastructure.embedded import EmbeddedPostgres

CHECKOUT = Path(__file__).resolve().parents[1]
FOLDER = CHECKOUT / "build" / "image"
BASE = "localhost/holdfast-python-base"
IMAGE = "localhost/holdfast"
START_SECONDS = 60.0
STOP_SECONDS = 30.0
NOT_NEEDED = ("var/cache/apt", "var/lib/apt/lists", "usr/share/doc", "usr/share/man", "usr/share/locale")
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
STORAGE = ("--root", str(FOLDER / "storage"), "--runroot", str(FOLDER / "run"), "--storage-driver", "vfs")
# The way a container's process is started: mounts of its own, a root that cannot be written, a /tmp in memory.
ENTER = """
mount --bind "$1" "$1" && mount -t proc proc "$1/proc" && mount --rbind /dev "$1/dev" &&
mount -t tmpfs tmpfs "$1/tmp" &&
mount -o remount,bind,ro "$1" && root=$1 user=$2 && shift 2 && exec /usr/sbin/chroot --userspec="$user" "$root" "$@"
"""

_no_proxy = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class ImageError(Exception):
    """What the image does not do that it must, in one line."""


def main() -> int:
    """Build, run, sell; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", help="base image instead of the one made here")
    parser.add_argument("--no-build", action="store_true", help="try the image that was built before")
    given = parser.parse_args()
    missing = [name for name in ("buildah", "debootstrap") if shutil.which(name) is None]
    if missing or os.geteuid() != 0:
        sys.stderr.write(f"needs root and Debian's packages buildah and debootstrap; missing: {missing or 'root'}\n")
        return 2
    FOLDER.mkdir(parents=True, exist_ok=True)
    try:
        if not given.no_build:
            build(given.base or make_base())
        try_image()
    except (ImageError, subprocess.CalledProcessError) as error:
        sys.stderr.write(f"image-test: {error}\n")
        return 1
    return 0


def make_base() -> str:
    """Make Debian 13 with Python out of Debian's packages, once; returns its name."""
    if buildah("images", "--quiet", "--filter", f"reference={BASE}", check=False):
        return BASE
    system = FOLDER / "base"
    if not (system / ".made").exists():
        shutil.rmtree(system, ignore_errors=True)
        say("Making a base: Debian 13 with Python 3.13 (once, some minutes)")
        mirror = [os.environ["DEBIAN_MIRROR"]] if os.environ.get("DEBIAN_MIRROR") else debian_mirror()
        packages = "--include=python3,python3-venv,ca-certificates"
        with (FOLDER / "debootstrap.log").open("w") as log:
            command = ["debootstrap", "--variant=minbase", packages, "trixie", str(system), *mirror]
            subprocess.run(command, stdout=log, stderr=log, check=True)
        for folder in NOT_NEEDED:
            shutil.rmtree(system / folder, ignore_errors=True)
            (system / folder).mkdir(parents=True)
        (system / ".made").touch()
    container = buildah("from", "scratch")
    buildah("add", "--quiet", container, str(system), "/")
    buildah("commit", "--quiet", "--rm", container, BASE)
    return BASE


def debian_mirror() -> list[str]:
    """The mirror that this machine's apt uses, if it names one."""
    for path in (Path("/etc/apt/sources.list"), *sorted(Path("/etc/apt/sources.list.d").glob("debian*"))):
        for line in path.read_text().splitlines() if path.is_file() else ():
            words = [word for word in line.split() if "://" in word and word.rstrip("/").endswith("/debian")]
            if words and not line.startswith("#"):
                return words[:1]
    return []


def build(base: str) -> None:
    """Build the image from the Containerfile, as an engine would."""
    git = ["git", "-C", str(CHECKOUT), "rev-parse", "HEAD"]
    commit = subprocess.run(git, capture_output=True, text=True, check=True).stdout.strip()
    pip_settings = FOLDER / "pip.conf"
    ask = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
    index = subprocess.run(ask, capture_output=True, text=True, check=False).stdout.strip()
    pip_settings.write_text(f"[global]\ncert = {CERTIFICATES}\n" + (f"index-url = {index}\n" if index else ""))
    say(f"Building {IMAGE} from {base}")
    begin = time.monotonic()
    buildah(
        *("bud", "--isolation", "chroot", "--layers", "--quiet", "--format", "docker"),
        *("--build-arg", f"PYTHON_IMAGE={base}", "--build-arg", f"REVISION={commit}"),
        *("--secret", f"id=pip,src={pip_settings}", "--volume", f"{CERTIFICATES}:{CERTIFICATES}:ro"),
        *("--ignorefile", str(CHECKOUT / ".containerignore"), "-f", str(CHECKOUT / "Containerfile")),
        *("-t", IMAGE, str(CHECKOUT)),
    )
    say(f"Built in {time.monotonic() - begin:.0f} s")


def try_image() -> None:
    """Run the image's commands against a PostgreSQL of our own, and sell a seat."""
    image = json.loads(buildah("inspect", "--type", "image", IMAGE))["Docker"]
    check_configuration(image["config"])
    container = buildah("from", "--pull-never", IMAGE)
    root = Path(buildah("mount", container))
    postgres = EmbeddedPostgres(FOLDER / "data")
    try:
        check_files(root)
        postgres.start()
        try_commands(root, image["config"], postgres.url)
    finally:
        postgres.stop("immediate")
        buildah("rm", container)
        shutil.rmtree(FOLDER / "data", ignore_errors=True)
    sizes = {name: size_of(name) for name in (BASE, IMAGE) if buildah("images", "--quiet", name, check=False)}
    own = du(root_of=IMAGE, folder="opt/holdfast")
    whole = ", ".join(f"{name.removeprefix('localhost/')}: {size}" for name, size in sizes.items())
    say(f"Size: {whole}; /opt/holdfast alone: {own / 1e6:.0f} MB")
    say("Not run: Docker, Podman or another engine (its network, limits, health checks), and Docker's own base image")


def check_configuration(configuration: Mapping[str, Any]) -> None:
    """Compare what the image says of itself with what the documents promise."""
    expected = {"User": "10001:10001", "StopSignal": "SIGTERM", "Entrypoint": ["holdfast"], "Cmd": ["serve"]}
    found = {name: configuration.get(name) for name in expected}
    if found != expected:
        raise ImageError(f"the image's configuration is {found}")
    if "8080/tcp" not in configuration["ExposedPorts"]:
        raise ImageError("port 8080 is not exposed")
    if configuration["Healthcheck"]["Test"] != ["CMD", "python", "-I", "-m", "holdfast.health"]:
        raise ImageError(f"another health check: {configuration.get('Healthcheck')}")
    labels = configuration["Labels"]
    say(f"Label revision: {labels['org.opencontainers.image.revision']}")


def check_files(root: Path) -> None:
    """Everything that is read at run time is there, and nothing that compiles or installs."""
    package = next((root / "opt/holdfast/lib").glob("python3*/site-packages/holdfast"))
    source = CHECKOUT / "src/holdfast"
    kinds = ("*.sql", "*.lua", "*.html", "*.css", "*.js", "*.po", "*.svg")
    wanted = {path.relative_to(source) for kind in kinds for path in source.rglob(kind)}
    lost = sorted(str(path) for path in wanted if not (package / path).is_file())
    if lost:
        raise ImageError(f"not in the image: {lost}")
    tools = [name for name in ("gcc", "cc", "make", "curl", "git") if any(root.glob(f"usr/*bin/{name}"))]
    tools += [str(path.relative_to(root)) for path in (root / "opt/holdfast/bin").glob("pip*")]
    if tools:
        raise ImageError(f"in the image, and not needed: {tools}")
    say(f"Files: {len(wanted)} of SQL, Lua, templates, styles, scripts and translations are there; no compiler, no pip")


def try_commands(root: Path, configuration: Mapping[str, Any], database_url: str) -> None:
    """Migrate, serve and work as the image does, each in a read-only root, and stop them by the image's signal."""
    port, worker_port = free_port(), free_port()
    environment = dict(word.split("=", 1) for word in configuration["Env"]) | {
        "DATABASE_URL": database_url,
        "AUTH_MODE": "open",
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "WORKERS": "2",
        "WORKER_METRICS_PORT": str(worker_port),
    }
    command = [*configuration["Entrypoint"], *configuration["Cmd"]]
    start(root, environment, ["holdfast", "migrate", "up"], "migrate").wait(START_SECONDS)
    node = start(root, environment, command, "serve")
    worker = start(root, environment, ["holdfast", "work"], "work")
    try:
        check = configuration["Healthcheck"]["Test"][1:]
        wait_for(root, environment, check, node)
        wait_for(root, environment, [*check, "/readyz"], node)
        wait_for(root, environment, [*check, "/livez", str(worker_port)], worker)
        say("Health checks of node and worker: healthy; /readyz too")
        sell(f"http://127.0.0.1:{port}/api/v1")
        look(f"http://127.0.0.1:{port}")
        written = subprocess.run(
            entering(root, ["python", "-c", "open('/opt/holdfast/x', 'w')"]),
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        ).stderr
        if "Read-only file system" not in written and "Permission denied" not in written:
            raise ImageError(f"its root could be written: {written}")
    finally:
        codes = {name: stop(process) for name, process in (("serve", node), ("work", worker))}
    say(f"Stopped by SIGTERM: {codes}")
    if set(codes.values()) != {0}:
        raise ImageError(f"exit codes after SIGTERM: {codes} (logs: {FOLDER})")


def sell(api: str) -> None:
    """Put an event on sale, hold one of its seats, and confirm the reservation."""
    event = call("POST", f"{api}/events", new_event())
    seats = call("POST", f"{api}/events/{event['id']}/seats", {"seat_number": "A-1", "price": 5000})
    wish = {"event_id": event["id"], "seat_ids": [seats["id"]], "idempotency_key": "image-test"}
    held = call("POST", f"{api}/reservations", wish)
    sold = call("POST", f"{api}/reservations/{held['id']}/confirm", None)
    if sold["status"] != "confirmed":
        raise ImageError(f"the reservation is {sold}")
    say(f"Sold: seat A-1, reservation {sold['id']}, status {sold['status']}")


def look(site: str) -> None:
    """Read the list of events as a buyer in Japan sees it, and the files that the page names."""
    request = urllib.request.Request(f"{site}/events", headers={"Accept-Language": "ja"})  # noqa: S310
    with _no_proxy.open(request, timeout=30) as answer:
        page = answer.read().decode()
    if '<html lang="ja"' not in page or "Image test" not in page:
        raise ImageError(f"the page of events is {page[:500]}")
    files = sorted(set(re.findall(r'(?:href|src)="(/static/[^"]+)"', page)))
    for path in files:
        with _no_proxy.open(f"{site}{path}", timeout=30) as answer:
            answer.read()
    say(f"Page /events in Japanese, with its {len(files)} files of styles and scripts")


def new_event() -> dict[str, Any]:
    """The body of an event that is far enough ahead."""
    return {
        "name": "Image test",
        "description": "",
        "venue": "Here",
        "start_at": "2099-01-01T18:00:00Z",
        "end_at": "2099-01-01T20:00:00Z",
        "total_seats": 1,
    }


def call(method: str, url: str, body: object) -> Any:  # noqa: ANN401 - JSON
    """Call the API; returns the JSON of the answer."""
    request = urllib.request.Request(  # noqa: S310 - our own process
        url,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json", "X-User-ID": "image-test"},
    )
    try:
        with _no_proxy.open(request, timeout=30) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise ImageError(f"{method} {url}: {error.code} {error.read().decode()}") from None


def entering(root: Path, command: Sequence[str]) -> list[str]:
    """The command line that runs a command in the image, in mounts of its own."""
    return ["unshare", "--mount", "--", "sh", "-c", ENTER, "sh", str(root), "10001:10001", *command]


def start(root: Path, environment: Mapping[str, str], command: Sequence[str], name: str) -> "subprocess.Popen[bytes]":
    """Start one of the image's commands; its output goes to a file."""
    with (FOLDER / f"{name}.log").open("wb") as log:
        return subprocess.Popen(entering(root, command), env=dict(environment), stdout=log, stderr=log)


def stop(process: "subprocess.Popen[bytes]") -> int:
    """Ask a process to end as an engine does; returns its exit code."""
    process.send_signal(signal.SIGTERM)
    try:
        return process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def wait_for(
    root: Path, environment: Mapping[str, str], check: Sequence[str], process: "subprocess.Popen[bytes]"
) -> None:
    """Wait until a health check of the image succeeds."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        done = subprocess.run(entering(root, check), env=dict(environment), capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return
        if process.poll() is not None or time.monotonic() > deadline:
            raise ImageError(f"not healthy: {done.stderr.strip()} (logs: {FOLDER})")
        time.sleep(0.5)


def size_of(name: str) -> str:
    """An image's size as buildah says it."""
    return buildah("images", "--format", "{{.Size}}", name)


def du(*, root_of: str, folder: str) -> int:
    """Return the bytes of a folder in an image."""
    container = buildah("from", "--pull-never", root_of)
    try:
        place = Path(buildah("mount", container)) / folder
        return sum(path.lstat().st_size for path in place.rglob("*") if not path.is_dir())
    finally:
        buildah("rm", container)


def buildah(command: str, *words: str, check: bool = True) -> str:
    """Run buildah in the test's own storage; returns what it prints."""
    done = subprocess.run(
        ["buildah", *STORAGE, command, *words],  # noqa: S607 - wherever Debian puts it
        capture_output=True,
        text=True,
        check=False,
    )
    if check and done.returncode != 0:
        raise ImageError(f"buildah {command}: {done.stderr[-2000:] or done.stdout[-2000:]}")
    return done.stdout.strip()


def free_port() -> int:
    """Return a TCP port that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
