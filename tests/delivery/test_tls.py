"""docs/tls.md, run as it is written: a seat is sold over TLS to nginx, PostgreSQL and Redis; impostors are refused."""

import os
import shutil
import signal
import ssl
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest
import redis
from chaos.site.ports import quiet_port

from builders import a_wish, an_event, numbered_seats
from delivery.runbook import Runbook
from embedded.run_of_its_own import holdfast_command
from holdfast.infrastructure.embedded import binaries, launcher
from holdfast.infrastructure.embedded.cluster import ENVIRONMENT
from holdfast.infrastructure.embedded.nginx import nginx_program
from telemetry.programs import eventually, get, running

CHECKOUT = Path(__file__).parents[2]
PAGE = CHECKOUT / "docs" / "tls.md"
pytestmark = [pytest.mark.runs, pytest.mark.timeout(120)]


def _postgres_with_tls() -> Path | None:
    """Debian's programs: those of the wheel are built without OpenSSL."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


def _redis_with_tls() -> str | None:
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if program is None:
        return None
    # Without TLS the directive is unknown; with it, its value is wrong.
    done = subprocess.run([program, "--tls-port", "x"], capture_output=True, text=True, check=False)
    return program if "integer" in done.stdout + done.stderr else None


@contextmanager
def _running(words: list[str], log: Path, **more):
    with log.open("wb") as lines:
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=lines, stderr=lines, **more)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


class _Postgres:
    """A server of Debian's, as the user that the embedded one would run as."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self.folder, self.data, self.port = folder, folder / "cluster", quiet_port()
        self._programs = programs
        self._identity = binaries.postgres_identity(folder)

    def words(self, program: str, *words: str) -> list[str]:
        launched = [sys.executable, "-I", "-S", launcher.__file__, *self._identity, "--"]
        return [*launched, str(self._programs / program), *words]

    def make(self, password: str) -> None:
        (self.folder / "password").write_text(password)
        initdb = self.words("initdb", "-D", str(self.data), "-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync")
        secret = (f"--pwfile={self.folder / 'password'}", "--auth=scram-sha-256")
        subprocess.run([*initdb, *secret], env=ENVIRONMENT, capture_output=True, check=True)
        statements = (
            f"CREATE ROLE holdfast_app LOGIN PASSWORD '{password}'\nCREATE DATABASE holdfast OWNER holdfast_app\n"
        )
        single = self.words("postgres", "--single", "-D", str(self.data), "postgres")
        subprocess.run(single, input=statements, text=True, env=ENVIRONMENT, capture_output=True, check=True)

    def running(self):
        settings = ("-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={self.folder}")
        words = self.words("postgres", "-D", str(self.data), "-p", str(self.port), *settings)
        return _running(words, self.folder / "postgres.log", env=ENVIRONMENT)


@pytest.fixture
def installed(tmp_path):
    """PostgreSQL, Redis and nginx as the page sets them up; the environment has the variables of the page."""
    programs, redis_server = _postgres_with_tls(), _redis_with_tls()
    if programs is None or redis_server is None or shutil.which("openssl") is None:
        pytest.skip("openssl, and PostgreSQL and Redis with TLS, are not installed (Debian: postgresql, redis-server)")
    folder = Path(f"/tmp/holdfast-tls-{os.getpid()}")  # short enough for a socket
    folder.mkdir(mode=0o700)
    postgres = _Postgres(folder, programs)
    postgres.make("secret")
    page = Runbook(
        PAGE,
        CERTIFICATES=str(tmp_path / "certificates"),
        SERVER_NAME="tickets.example",
        POSTGRES_NAME="localhost",
        REDIS_NAME="localhost",
        PGDATA=str(postgres.data),
        POSTGRES_PORT=str(postgres.port),
        POSTGRES_PASSWORD="secret",
        REDIS_CONF=str(tmp_path / "redis.conf"),
        REDIS_PORT=str(quiet_port()),
        REDIS_PASSWORD="hidden",
        NGINX=str(tmp_path / "nginx"),
        NODE_PORT=str(quiet_port()),
        HTTPS_PORT=str(quiet_port()),
    )
    for step in ("openssl req", "pg_hba", "export DATABASE_URL", "rediss://", "nodes.conf"):
        page.run(step)
    for path in (postgres.data / "server.key", postgres.data / "server.crt", postgres.data / "pg_hba.conf"):
        owner = postgres.data.stat()
        os.chown(path, owner.st_uid, owner.st_gid)
    shutil.copy(CHECKOUT / "deploy" / "nginx.conf", tmp_path / "nginx")
    with Path(page.environment["REDIS_CONF"]).open("a") as configuration:
        configuration.write("user root on >root ~* +@all\n")  # for the test, to look
    nginx = [nginx_program(), "-p", f"{tmp_path / 'nginx'}/", "-c", str(tmp_path / "nginx" / "nginx.conf")]
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder)
        stack.enter_context(postgres.running())
        stack.enter_context(_running([redis_server, page.environment["REDIS_CONF"]], tmp_path / "redis.log"))
        stack.enter_context(_running([*nginx, "-g", "daemon off;"], tmp_path / "nginx.log"))
        eventually(lambda: _migrated(page))
        yield page


def _migrated(page: Runbook) -> bool:
    done = holdfast_command("migrate", "up", DATABASE_URL=page.environment["DATABASE_URL"])
    assert done.returncode == 0, done.stderr
    return True


def _node(page: Runbook, folder: Path, **more: str):
    names = ("DATABASE_URL", "REDIS_URL")
    return running("serve", folder, **{name: page.environment[name] for name in names}, **more)


def test_a_seat_is_sold_over_encrypted_connections(installed, tmp_path):
    page = installed
    port = page.environment["NODE_PORT"]
    with _node(page, tmp_path, PORT=port, TRUSTED_PROXIES="127.0.0.1"):
        eventually(lambda: '"ready"' in get(f"http://127.0.0.1:{port}/readyz"))
        page.run("openssl s_client")
        trusted = ssl.create_default_context(cafile=Path(page.environment["CERTIFICATES"]) / "ca.crt")
        address = f"https://127.0.0.1:{page.environment['HTTPS_PORT']}/api/v1"
        named = {"headers": {"X-User-ID": "ann"}, "extensions": {"sni_hostname": "tickets.example"}}
        with httpx.Client(verify=trusted, timeout=20, trust_env=False) as http:
            event = http.post(f"{address}/events", json=an_event(), **named).json()
            seats = http.post(
                f"{address}/events/{event['id']}/seats/bulk", json=numbered_seats(count=2), **named
            ).json()
            wish = a_wish(event_id=event["id"], seat_ids=[seats[0]["id"]])
            made = http.post(f"{address}/reservations", json=wish, **named)
            assert made.status_code == 201
            # Wrong access codes are counted in Redis too: its user may do that.
            channel = f"{address}/events/{event['id']}/channels/friends"
            assert http.put(channel, json={"name": "Friends", "access_code": "swordfish"}, **named).status_code < 300
            kept_back = http.post(f"{channel}/seats", json={"seat_ids": [seats[1]["id"]]}, **named)
            assert kept_back.status_code == 200, kept_back.text
            coded = wish | {"access_code": "wrong", "idempotency_key": "another", "seat_ids": [seats[1]["id"]]}
            assert http.post(f"{address}/reservations", json=coded, **named).status_code == 409
            with redis.Redis.from_url(
                page.environment["REDIS_URL"].replace("holdfast:hidden", "root:root")
            ) as all_keys:
                assert all_keys.keys("code:wrong:*"), "the wrong code is counted"
        metrics = get(f"http://127.0.0.1:{port}/metrics")
        assert "holdfast_gate_degraded 0.0" in metrics or "holdfast_gate_degraded 0\n" in metrics
        log = "".join(path.read_text() for path in tmp_path.glob("serve-*.log"))
        assert "away" not in log
        assert "degraded" not in log


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("@localhost", "@127.0.0.1"), "certificate"),
        (("sslmode=verify-full", "sslmode=disable"), "pg_hba"),
        (("secret@", "wrong@"), "password"),
    ],
)
def test_an_impostor_or_an_open_connection_is_refused(installed, change, said):
    """A server with a certificate of another name, a connection without TLS, a wrong password."""
    url = installed.environment["DATABASE_URL"].replace(*change)
    done = holdfast_command("check", DATABASE_URL=url)
    assert done.returncode == 1
    assert said in done.stderr
    assert "secret" not in done.stderr


def test_a_certificate_of_another_authority_is_refused(installed, tmp_path):
    elsewhere = Runbook(PAGE, **installed.environment | {"CERTIFICATES": str(tmp_path / "elsewhere")})
    elsewhere.run("openssl req")
    other = f"{tmp_path / 'elsewhere'}/ca.crt"
    ours = f"{installed.environment['CERTIFICATES']}/ca.crt"
    done = holdfast_command("check", DATABASE_URL=installed.environment["DATABASE_URL"].replace(ours, other))
    assert (done.returncode, "certificate verify failed" in done.stderr) == (1, True), done.stderr
    installed.environment["REDIS_URL"] = installed.environment["REDIS_URL"].replace(ours, other)
    with _node(installed, tmp_path) as node:
        assert '"degraded"' in eventually(lambda: get(f"{node.url}/readyz"))
