"""The tour of docs/cells.md, typed as it is written into a shell beside a run with two cells."""

import os
import shlex
import shutil
import socket
import sys
from itertools import pairwise

import pytest

from docs.pages import ROOT, Block, blocks
from docs.test_tour import _OUR_SETTINGS, Shell, _run

PAGE = ROOT / "docs" / "cells.md"
START = 'make run RUN_ARGS="--cells 2"\n'


@pytest.mark.runs
@pytest.mark.timeout(240)
@pytest.mark.skipif(shutil.which("curl") is None, reason="the tour is typed with curl, which is not installed")
def test_the_tour_of_cells_gives_what_the_page_shows(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(_OUR_SETTINGS)}
    environment |= {"PORT": str(port), "HOLDFAST_DATA_DIR": str(tmp_path / "data")}
    shell = Shell(environment)
    given, shown = [], []
    with _run(environment, "--cells", "2"):
        for typed, output in _tour():
            text = typed.replace("127.0.0.1:8080", f"127.0.0.1:{port}").replace(".holdfast/", f"{tmp_path}/data/")
            text = text.replace(".venv/bin/holdfast", f"{shlex.quote(sys.executable)} -m holdfast")
            given.append((typed, shell.type(text).split()))
            shown.append((typed, output.split()))
    shell.close()
    assert given == shown


def _tour() -> list[tuple[str, str]]:
    """What is typed after the start, with the output that is shown."""
    listed = blocks(PAGE)
    (start,) = (place for place, block in enumerate(listed) if block.text == START)
    return [
        (block.text, following.text if following.language == "text" else "")
        for block, following in pairwise([*listed[start + 1 :], Block("", "")])
        if block.language == "sh"
    ]
