"""The tour of the README, typed as it is written into a shell beside a real run."""

import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

import pytest

from docs.pages import ROOT, Block, blocks
from holdfast.infrastructure.postgres.driver.queries import load_queries

README = ROOT / "README.md"
TRANSLATION = ROOT / "README.ja.md"
_STARTS = re.compile(r"^(?:(?P<settings>[A-Z_]+=\S+) )?make run$")
_OUR_SETTINGS = ("DATABASE_URL", "DB_", "REDIS_", "HOST", "PORT", "HOLD", "AUTH_")


class Shell:
    """A shell that keeps its variables from block to block, as a terminal does."""

    _END = "---- end of block ----"

    def __init__(self, environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            ["sh"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, cwd=ROOT
        )

    def type(self, text: str) -> str:
        self._process.stdin.write(f"{text}\necho '{self._END}'\n")
        self._process.stdin.flush()
        lines = []
        for line in self._process.stdout:
            if line.strip() == self._END:
                return "".join(lines)
            lines.append(line)
        raise AssertionError(f"the shell ended; it had said: {lines}")

    def close(self) -> None:
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()


@contextmanager
def _run(environment: dict[str, str], *options: str) -> Iterator[None]:
    """What `make run` starts, until Ctrl-C."""
    process = subprocess.Popen(
        [sys.executable, "-m", "holdfast", "run", *options],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=ROOT,
    )
    try:
        said = []
        for line in process.stdout:
            said.append(line)
            if "Try:" in line:
                break
        assert process.poll() is None, said
        yield
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
    assert process.returncode == 0


@pytest.mark.runs
@pytest.mark.timeout(240)
@pytest.mark.skipif(shutil.which("curl") is None, reason="the tour is typed with curl, which is not installed")
def test_the_tour_of_the_readme_gives_what_the_readme_shows(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(_OUR_SETTINGS)}
    environment |= {"PORT": str(port), "HOLDFAST_DATA_DIR": str(tmp_path / "data")}
    starts, parts = _parts(blocks(README))
    assert len(starts) == 3
    shell = Shell(environment)
    shown, given = [], []
    for settings, part in zip(starts, parts, strict=True):
        with _run(environment | settings):
            for typed, output in part:
                text = typed.replace("127.0.0.1:8080", f"127.0.0.1:{port}")
                text = text.replace(".venv/bin/holdfast", f"{shlex.quote(sys.executable)} -m holdfast")
                given.append((typed, _without_chance(shell.type(text))))
                shown.append((typed, _without_chance(output)))
    shell.close()
    assert given == shown


def test_the_translation_has_the_same_headings_commands_and_tables():
    assert _shape(README) == _shape(TRANSLATION)
    assert [block for block in blocks(README) if block.language in {"sh", "json"}] == [
        block for block in blocks(TRANSLATION) if block.language in {"sh", "json"}
    ]


def test_the_tour_shows_every_invariant():
    """The tour itself would notice, but whoever adds an invariant does not wait for it."""
    (shown,) = (block.text for block in blocks(README) if "one_buyer_per_seat" in block.text)
    assert [line.split("\t")[0] for line in shown.splitlines()] == list(load_queries("upkeep/invariants"))


def _parts(all_blocks: list[Block]) -> tuple[list[dict[str, str]], list[list[tuple[str, str]]]]:
    """The settings of each `make run`, and what is typed after it with the output that is shown."""
    starts: list[dict[str, str]] = []
    parts: list[list[tuple[str, str]]] = []
    for block, following in pairwise([*all_blocks, Block("", "")]):
        if block.language != "sh":
            continue
        start = _STARTS.match(block.text.strip())
        if start:
            settings = start["settings"]
            starts.append(dict([settings.split("=")]) if settings else {})
            parts.append([])
        else:
            output = following.text if following.language in {"json", "text"} else ""
            parts[-1].append((block.text, output))
    return starts, parts


def _without_chance(output: str) -> str:
    """An output without what differs from run to run: ids and times."""
    output = re.sub(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "ID", output)
    output = re.sub(r"\b20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z", "TIME", output)
    output = re.sub(r'"request_id": "[^"]+"', '"request_id": "ID"', output)
    return "\n".join(re.sub(r"\s+", " ", line).strip() for line in output.strip().splitlines())


def _shape(page) -> list[str]:
    """The marks of headings and the columns of tables, in their order."""
    lines = page.read_text().splitlines()
    return [match[0] for line in lines if (match := re.match(r"#+ |\|[-|]+\||```\w*", line))]
