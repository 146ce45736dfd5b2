"""A real OpenID Connect provider from npm: started, stopped, frozen, its keys rotated."""

import asyncio
import json
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest

from holdfast.infrastructure.oidc.issuers import Issuer
from oidc.signing import algorithm_of, key

AUDIENCE = "https://tickets.example"
FOLDER = Path(sys.prefix) / "provider"
PROGRAM = Path(__file__).parent / "provider" / "provider.mjs"
NODE_MIN = 20


def require_provider():
    """Skip if it cannot run, and say why."""
    if shutil.which("node") is None:
        lacking = "there is no Node.js"
    elif _node_version() < NODE_MIN:
        lacking = f"Node.js is older than {NODE_MIN}"
    elif not (FOLDER / "node_modules" / "oidc-provider").is_dir():
        lacking = "it is not installed: `make provider`"
    else:
        return
    pytest.skip(f"without the real OpenID Connect provider: {lacking}")


def _node_version():
    told = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    return int(told.removeprefix("v").partition(".")[0])


class RealProvider:
    """One provider process, always on the same address."""

    def __init__(self):
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self._program = None
        self._keys = ()
        self._redirect_uris = []

    @property
    def issuer(self):
        return Issuer(short="shop", issuer=f"http://127.0.0.1:{self.port}", audience=AUDIENCE)

    async def start(self, *keys):
        self._program = await asyncio.create_subprocess_exec(
            *("node", PROGRAM, FOLDER, str(self.port), AUDIENCE),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        await self.rotate(*keys or self._keys)

    async def allow(self, *redirect_uris):
        """Let people come back to these addresses."""
        self._redirect_uris = redirect_uris
        await self.rotate(*self._keys)

    async def rotate(self, *keys):
        """Give it exactly these keys; the first one signs."""
        self._keys = keys
        shown = [
            {**key(name).as_dict(private=True), "kid": name, "use": "sig", "alg": algorithm_of(name)} for name in keys
        ]
        told = {"keys": shown, "redirect_uris": self._redirect_uris}
        self._program.stdin.write(json.dumps(told).encode() + b"\n")
        await self._program.stdin.drain()
        while not (line := await self._program.stdout.readline()).startswith(b"told: "):
            assert line, "it ended"
        assert line == b"told: ready\n"

    def freeze(self):
        self._program.send_signal(signal.SIGSTOP)

    def thaw(self):
        self._program.send_signal(signal.SIGCONT)

    async def kill(self):
        if self._program is not None:
            self._program.kill()
            await self._program.communicate()
            self._program = None

    async def token(self, buyer="buyer-1"):
        """Return an access token, requested like a client does."""
        form = {"grant_type": "client_credentials", "client_id": buyer, "client_secret": "secret"}
        async with httpx2.AsyncClient(trust_env=False, verify=False) as client:
            answer = await client.post(f"{self.issuer.issuer}/token", data=form)
        assert answer.status_code == 200, answer.text
        return answer.json()["access_token"]


@asynccontextmanager
async def real_provider(*keys):
    require_provider()
    provider = RealProvider()
    try:
        await provider.start(*keys)
        yield provider
    finally:
        await provider.kill()
