"""`holdfast run`: starts from nothing, says where everything is, and leaves nothing behind."""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
import pytest

from embedded.run_of_its_own import CHECKOUT, END_SECONDS, Run, holdfast_command
from holdfast.infrastructure.embedded.process import wait_until

pytestmark = pytest.mark.runs


@pytest.fixture(scope="module")
def stopped_data():
    """The data folder of a run that was started once and ended, with its sample event."""
    with tempfile.TemporaryDirectory(prefix="holdfast-") as folder:
        run = Run(Path(folder) / "data").ready()
        run.process.send_signal(signal.SIGTERM)
        assert run.ended() == (0, "")
        yield run.data_dir


@pytest.fixture
def start(stopped_data):
    """Start a run on that data; whatever is left of it at the end is killed."""
    runs = []

    def start(**more) -> Run:
        runs.append(Run(stopped_data, **more))
        return runs[-1]

    yield start
    for run in runs:
        for pid in [run.process.pid, *run.left()]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        run.process.communicate()
        assert wait_until(lambda run=run: not run.left(), END_SECONDS)


def test_every_address_stands_on_its_own_line_and_works(start):
    run = start().ready()
    for name in ("API", "Swagger", "OpenAPI", "Health", "Metrics"):
        assert run.get(run.address(name).removeprefix(f"http://127.0.0.1:{run.port}"))
    events = json.loads(run.get("/api/v1/events"))
    assert [event["total_seats"] for event in events] == [2008]
    for name, scheme in (("PostgreSQL", "postgresql://holdfast"), ("Redis", "redis://")):
        assert re.fullmatch(rf"{scheme}:\*\*\*@127\.0\.0\.1:\d+/\w+", run.address(name))
    assert "--show-urls" in run.address("Passwords")
    assert run.address("Try").startswith("curl ")
    assert run.memory_mib() < 150, "about 125 with the pages; it was 70 more while the run kept what migrates"

    data = {"HOLDFAST_DATA_DIR": str(run.data_dir)}
    assert holdfast_command("migrate", "status", **data).stdout.startswith("schema ")
    check = holdfast_command("check", **data)
    assert (check.returncode, check.stderr) == (0, "")
    assert all(line.endswith("\tok") for line in check.stdout.splitlines())

    second = start()
    assert second.process.wait(END_SECONDS) == 1
    assert re.fullmatch(r"holdfast: data folder \S+ is in use by another run .*\n", second.process.stderr.read())
    assert run.get("/health")

    run.process.send_signal(signal.SIGINT)
    assert run.ended() == (0, "")


def test_passwords_are_shown_on_a_terminal_and_in_files_only_when_asked_for(start, stopped_data):
    password = (stopped_data / "postgres.password").read_text().strip()
    # Variables that are about another server do no harm.
    others = {"PGSSLMODE": "require", "PGPORT": "1", "PGTARGETSESSIONATTRS": "standby"}
    run = start(command=(sys.executable, "-m", "holdfast", "run", "--show-urls"), **others).ready()
    assert re.fullmatch(rf"postgresql://holdfast:{password}@127\.0\.0\.1:\d+/holdfast", run.address("PostgreSQL"))
    assert re.fullmatch(r"redis://:\w{32}@127\.0\.0\.1:\d+/0", run.address("Redis"))
    assert not [line for line in run.lines if "Passwords:" in line]
    run.process.send_signal(signal.SIGTERM)
    assert run.ended() == (0, "")

    ours, theirs = os.openpty()
    on_terminal = start(stdout=theirs)
    os.close(theirs)
    seen = b""
    while b"Try:" not in seen:
        seen += os.read(ours, 4096)
    assert password.encode() in seen
    on_terminal.process.send_signal(signal.SIGTERM)
    assert on_terminal.ended()[0] == 0
    os.close(ours)


def test_organisers_keys_and_accounts_are_made_beside_a_running_run(start):
    run = start(AUTH_MODE="tokens").ready()

    def beside(*words, given=None) -> str:
        done = holdfast_command(*words, given=given, HOLDFAST_DATA_DIR=str(run.data_dir))
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()[-1] if done.stdout else done.stderr

    def me(key):
        return httpx.get(
            f"http://127.0.0.1:{run.port}/api/v1/me", headers={"Authorization": f"Bearer {key}"}, timeout=5
        )

    organiser_id = beside("organisers", "create", "Grand Hall")
    key = beside("keys", "create", "till", "--role", "box_office", "--organiser", organiser_id)
    found = me(key).json()
    assert found["organisers"] == [{"id": organiser_id, "role": "box_office"}]
    assert "account:ann" in beside("accounts", "add", "ann", given="correct horse battery staple\n")
    beside("keys", "revoke", found["subject"].removeprefix("key:"))
    assert wait_until(lambda: me(key).status_code == 401, END_SECONDS)
    run.process.send_signal(signal.SIGTERM)
    assert run.ended() == (0, ""), "what the commands did has not disturbed it"


def test_after_the_kill_of_its_supervisor_nothing_is_left_and_the_next_run_goes_on(start):
    run = start().ready()
    run.process.kill()
    run.ended()
    again = start().ready()
    assert len(json.loads(again.get("/api/v1/events"))) == 1
    again.process.send_signal(signal.SIGTERM)
    assert again.ended() == (0, "")


def test_a_program_that_dies_is_started_again(start):
    run = start().ready()
    for program in ("serve", "work"):
        dead = run.program(program)
        os.kill(dead, signal.SIGKILL)
        assert "ended unexpectedly (signal SIGKILL) and is started again" in run.process.stderr.readline()
        assert wait_until(lambda dead=dead, program=program: run.program(program, missing=dead) != dead, END_SECONDS)
    run.process.send_signal(signal.SIGTERM)
    assert run.ended()[0] == 0


def test_a_server_that_dies_is_started_again(start):
    run = start().ready()
    postmaster = int((run.data_dir / "postgres" / "postmaster.pid").read_text().split()[0])
    os.kill(postmaster, signal.SIGKILL)
    assert "PostgreSQL ended unexpectedly (signal SIGKILL) and is started again" in run.process.stderr.readline()
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with contextlib.suppress(httpx.HTTPError):
            assert len(json.loads(run.get("/api/v1/events"))) == 1
            break
        time.sleep(0.1)
    else:
        pytest.fail("the API did not find PostgreSQL again")
    run.process.send_signal(signal.SIGTERM)
    assert run.ended()[0] == 0


@pytest.fixture
def _sigint_not_ignored():
    """A program inherits an ignored SIGINT, as a job in the background of a script has it; `make` then keeps it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_sigint_not_ignored")
@pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_signal_to_make_alone_ends_the_run(start, number):
    up_to_date = subprocess.run(["make", "-q", ".venv/.installed-run"], cwd=CHECKOUT, check=False).returncode == 0
    if not up_to_date:
        pytest.skip("this checkout has no .venv made by make")
    run = start(command=("make", "run")).ready()
    run.process.send_signal(number)
    run.ended()
    assert run.process.returncode == -number


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this machine has no IPv6")
def test_two_colons_are_every_address_of_both_kinds(start):
    run = start(HOST="::").ready()
    assert run.address("API") == f"http://[::1]:{run.port}/api/v1/events"
    for host in ("127.0.0.1", "::1"):
        socket.create_connection((host, run.port), 5).close()
    assert run.get("/health")
    second = start(HOST="127.0.0.1", PORT=run.port, HOLDFAST_DATA_DIR=str(run.data_dir) + "-2")
    assert second.process.wait(END_SECONDS) == 1
    assert "is in use" in second.process.stderr.read()
    run.process.send_signal(signal.SIGTERM)
    assert run.ended() == (0, "")


@pytest.mark.usefixtures("_sigint_not_ignored")
@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_ctrl_c_while_it_still_imports_is_no_traceback(tmp_path):
    run = Run(tmp_path / "data")
    maps = Path(f"/proc/{run.process.pid}/maps")
    assert wait_until(lambda: "pydantic_core" in maps.read_text(), END_SECONDS)
    run.process.send_signal(signal.SIGINT)
    run.process.send_signal(signal.SIGINT)
    _, errors = run.ended()
    assert "Traceback" not in errors


def test_a_signal_during_the_start_ends_it(start):
    run = start()
    assert "Starting PostgreSQL" in run.process.stdout.readline()
    run.process.send_signal(signal.SIGTERM)
    assert run.ended() == (0, "")


def test_a_port_in_use_is_one_line_and_nothing_is_started(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        run = Run(tmp_path / "data", PORT=other.getsockname()[1])
        code, errors = run.ended()
    assert code == 1
    assert re.fullmatch(r"holdfast: PORT: \d+ of 127\.0\.0\.1 is in use: .*\n", errors)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("words", "environment", "message"),
    [
        (["run"], {"PORT": "none"}, r"PORT: must be a valid integer.*"),
        (["run"], {"HOST": "no.such.host.invalid"}, r"HOST: no\.such\.host\.invalid is not an address.*"),
        (["serve"], {}, r"DATABASE_URL: must be set.*"),
        (["work"], {}, r"DATABASE_URL: must be set.*"),
        (
            ["migrate", "up"],
            {"DATABASE_URL": "postgresql://u:hidden@127.0.0.1:1/d"},
            r"the database cannot be migrated.*",
        ),
        (["check"], {"DATABASE_URL": "postgresql://u:hidden@127.0.0.1:1/d"}, r"the invariants cannot be checked.*"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(words, environment, message):
    done = holdfast_command(*words, **environment)
    assert done.returncode == 1
    assert re.fullmatch(rf"holdfast: {message}\n", done.stderr)
    assert "hidden" not in done.stderr
