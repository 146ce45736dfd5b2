"""Requests generated from the OpenAPI document, valid and invalid, also in sequences: responses are as documented."""

import asyncio
import sys
from pathlib import Path

import pytest

CONFIGURATION = Path(__file__).parents[2] / "schemathesis.toml"


@pytest.mark.runs
@pytest.mark.timeout(240)
async def test_generated_requests_find_nothing(api, tmp_path):
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "schemathesis.cli",
        "--config-file",
        str(CONFIGURATION),
        "run",
        "--no-color",
        str(api.http.base_url.join("/openapi.json")),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=tmp_path,
    )
    try:
        output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, output.decode()
