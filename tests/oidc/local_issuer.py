"""An issuer on loopback that does what a test wants: responds, stalls, disappears, lies."""

import asyncio
import json
from contextlib import asynccontextmanager

from holdfast.infrastructure.oidc.issuers import Issuer
from holdfast.infrastructure.oidc.verifier import OidcTokenVerifier
from oidc.signing import AUDIENCE, NOW, Shop, public


class LocalIssuer:
    """Serves a discovery document and a key set over HTTP.

    Attributes:
        keys: What the set shows.
        answers: By path: the bytes to send in place of the usual answer, or an endless iterator of such.
        asked: How often each path was asked for.
        gate: While it is closed, requests wait.
    """

    def __init__(self, short="shop"):
        self.short = short
        self.keys = []
        self.answers = {}
        self.asked = {}
        self.gate = asyncio.Event()
        self.gate.set()
        self.port = 0
        self._server = None
        self._handlers = set()

    @property
    def address(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def issuer(self):
        return Issuer(short=self.short, issuer=self.address, audience=AUDIENCE)

    @property
    def shop(self):
        return Shop(self.address)

    @property
    def fetches(self):
        """How often the key set was fetched."""
        return self.asked.get("/keys", 0)

    async def appear(self):
        self._server = await asyncio.start_server(self._handle, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def vanish(self):
        self._server.close()
        for handler in list(self._handlers):
            handler.cancel()
        await asyncio.gather(*self._handlers, return_exceptions=True)
        await self._server.wait_closed()

    async def _handle(self, reader, writer):
        task = asyncio.current_task()
        self._handlers.add(task)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            path = head.split(b" ", 2)[1].decode()
            self.asked[path] = self.asked.get(path, 0) + 1
            await self.gate.wait()
            answer = self.answers.get(path)
            for piece in [self._usual(path)] if answer is None else [answer] if isinstance(answer, bytes) else answer:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._handlers.discard(task)
            writer.close()

    def _usual(self, path):
        if path == "/keys":
            return answer({"keys": self.keys})
        if path == "/.well-known/openid-configuration":
            return answer({"issuer": self.address, "jwks_uri": f"{self.address}/keys"})
        return answer({}, status="404 Not Found")


def answer(members, *, status="200 OK", headers=""):
    body = members if isinstance(members, bytes) else json.dumps(members).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
    return head.encode() + body


@asynccontextmanager
async def local_issuer(*keys, short="shop"):
    issuer = LocalIssuer(short)
    issuer.keys = [public(name) for name in keys]
    await issuer.appear()
    try:
        yield issuer
    finally:
        await issuer.vanish()


class Clock:
    """A clock that a test advances."""

    def __init__(self, seconds=0.0):
        self.seconds = seconds

    def __call__(self):
        return self.seconds


@asynccontextmanager
async def verifier_of(*issuers, wall=None, monotonic=None, **options):
    """Return a verifier that fetches only when a token needs it, not in the background."""
    verifier = OidcTokenVerifier(
        [issuer.issuer for issuer in issuers],
        wall_clock=wall or Clock(NOW),
        monotonic=monotonic or Clock(1000),
        **options,
    )
    try:
        yield verifier
    finally:
        await verifier.close()
