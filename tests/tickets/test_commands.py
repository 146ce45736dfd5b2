"""`holdfast tickets`: what it prints, its exit codes, and that verifying needs nothing but a file."""

import asyncio
import io
import json
import os
import subprocess
import sys
from uuid import UUID

import pytest

from box_office import sql
from holdfast.cli import main
from holdfast.domain.tickets.keys import key_set
from tickets.tickets import PAIR, SIGNATURES, a_code

ABOUT = f"seat A-12, event {UUID(int=1)}, reservation {UUID(int=2)}"


@pytest.fixture
def holdfast(database_url, monkeypatch, capsys):
    """Run a command; return its exit code and both outputs."""

    def run(*words, stdin=b""):
        monkeypatch.setenv("DATABASE_URL", database_url)
        monkeypatch.setattr(sys, "argv", ["holdfast", "tickets", *map(str, words)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return ended.value.code or 0, said.out, said.err

    return run


@pytest.fixture
def keys(tmp_path):
    file = tmp_path / "keys.json"
    file.write_text(json.dumps(key_set([PAIR.public])))
    return file


def test_keys_are_exported_listed_rotated_and_revoked(holdfast, database_url):
    code, out, _ = holdfast("export-keys")
    [first] = json.loads(out)["keys"]
    assert code == 0
    code, out, err = holdfast("rotate")
    second = out.strip()
    assert (code, "export the keys again" in err.lower()) == (0, True)
    _, out, _ = holdfast("keys")
    assert [line.split("\t")[:2] for line in out.splitlines()] == [[second, "signs"], [first["kid"], "verifies"]]
    _, out, _ = holdfast("export-keys")
    assert [key["kid"] for key in json.loads(out)["keys"]] == [second, first["kid"]]
    assert holdfast("revoke", first["kid"])[0] == 0
    _, out, _ = holdfast("keys")
    assert [line.split("\t")[1] for line in out.splitlines()] == ["signs", "revoked"]
    _, out, _ = holdfast("export-keys")
    assert [key["kid"] for key in json.loads(out)["keys"]] == [second]
    rows = asyncio.run(sql(database_url, "SELECT private_key FROM ticket_keys WHERE private_key IS NOT NULL"))
    assert len(rows) == 1
    assert rows[0][0].hex() not in out


@pytest.mark.parametrize("key_id", ["0" * 16, "x", ""])
def test_a_key_that_is_not_there_cannot_be_revoked(holdfast, key_id):
    code, out, err = holdfast("revoke", key_id)
    assert (code, out, err) == (1, "", "holdfast: There is no such ticket key.\n")


def test_valid_tickets_say_seat_event_and_reservation(holdfast, keys):
    assert holdfast("verify", a_code(), "--keys", keys) == (0, f"valid    {ABOUT}\n", "1 valid, 0 refused\n")


def test_codes_come_from_a_scanner_and_a_bad_one_does_not_stop_the_next(holdfast, keys):
    other = a_code(seat_id=UUID(int=4), seat_number="席-1")
    lines = [a_code(), "", a_code(), "hello", a_code(SIGNATURES.new_pair()), a_code().lower(), "A" * 100_000, "\x1b[2J"]
    stdin = "\r\n".join(lines).encode() + b"\n\xff\xfe\n" + other.encode()
    code, out, err = holdfast("verify", "--keys", keys, stdin=stdin)
    assert (code, err) == (1, "2 valid, 7 refused\n")
    said = out.splitlines()
    assert said[0] == f"valid    {ABOUT}"
    assert said[1] == f"REFUSED  this seat's ticket was seen before: {ABOUT}"
    assert [line.split(":")[0].split(";")[0] for line in said[2:8]] == [
        "REFUSED  this is no ticket of Holdfast",
        "REFUSED  no key in the file has signed it",
        "REFUSED  the code has small letters",
        "REFUSED  this is no ticket of Holdfast",
        "REFUSED  this is no ticket of Holdfast",
        "REFUSED  this is no ticket of Holdfast",
    ]
    assert said[8] == f"valid    {ABOUT.replace('A-12', '席-1')}"
    assert len(said) == 9
    assert "\x1b" not in out


def test_tickets_for_another_event_are_refused_if_the_event_is_named(holdfast, keys):
    code, out, _ = holdfast("verify", a_code(), "--keys", keys, "--event", UUID(int=9))
    assert (code, out) == (1, f"REFUSED  the ticket is for another event: {ABOUT}\n")
    assert holdfast("verify", a_code(), "--keys", keys, "--event", UUID(int=1))[0] == 0


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "No such file or directory"),
        (b"", "the keys are not JSON"),
        (b"[]", "the keys are no key set"),
        (b"{" * 2_000_000, "the keys are not JSON"),
    ],
)
def test_without_keys_nothing_is_verified(holdfast, tmp_path, content, problem):
    file = tmp_path / "keys.json"
    if content is not None:
        file.write_bytes(content)
    code, out, err = holdfast("verify", a_code(), "--keys", file)
    assert (code, out) == (2, "")
    assert err.startswith(f"holdfast: {file}: {problem}")
    assert err.count("\n") == 1


def test_without_a_code_nothing_is_verified(holdfast, keys):
    assert holdfast("verify", "--keys", keys) == (2, "", "holdfast: no code was given\n")


def test_each_code_is_answered_before_the_next_is_read_and_without_a_database(keys):
    """As a door has it: no database, no settings, a pipe that stays open between two visitors."""
    command = [sys.executable, "-m", "holdfast", "tickets", "verify", "--keys", str(keys)]
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    environment |= {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "OIDC_ISSUERS": "not even JSON"}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    ) as door:
        for number in ("A-1", "席"):
            door.stdin.write(a_code(seat_id=UUID(int=len(number)), seat_number=number).encode() + b"\n")
            door.stdin.flush()
            assert door.stdout.readline().startswith(b"valid    seat " + number.encode("ascii", "backslashreplace"))
        door.stdin.close()
        assert door.stderr.read() == b"2 valid, 0 refused\n"
        assert door.wait(10) == 0


def test_a_reader_who_leaves_ends_it_quietly(keys):
    command = [sys.executable, "-m", "holdfast", "tickets", "verify", "--keys", str(keys)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as door:
        door.stdin.write(a_code().encode() + b"\n")
        door.stdin.flush()
        door.stdout.readline()
        door.stdout.close()
        door.stdin.write(3 * (a_code().encode() + b"\n"))
        door.stdin.close()
        assert b"Traceback" not in (said := door.stderr.read()), said
        assert b"Exception" not in said
        door.wait(10)


def test_what_verifies_at_the_door_imports_no_server():
    look = "import sys, holdfast.cli.door; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert not {"asyncpg", "redis", "starlette", "sqlalchemy", "pydantic", "structlog"} & set(done.stdout.split())
