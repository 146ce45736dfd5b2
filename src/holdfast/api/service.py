"""What is served beside the API itself: health, metrics, the document and the pages that show it."""

import asyncio
import functools
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import TypeAlias

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from swagger_ui_bundle import swagger_ui_path

from holdfast.api.answer import Answer, Header, json_answer
from holdfast.api.call import Call
from holdfast.api.problems import PathNotFound
from holdfast.api.public_url import PublicUrl
from holdfast.application.desk import Desk
from holdfast.http.security_headers import page_headers
from holdfast.telemetry.exposition import Account

Handler: TypeAlias = Callable[[Desk, Call], Awaitable[Answer]]
HealthFacts = Callable[[], Awaitable[Mapping[str, str]]]

_METRICS: Header = (b"content-type", CONTENT_TYPE_LATEST.encode())
_HTML: Header = (b"content-type", b"text/html; charset=utf-8")
_SCRIPT: Header = (b"content-type", b"text/javascript; charset=utf-8")
_ASSETS: Mapping[str, Header] = {
    "swagger-ui.css": (b"content-type", b"text/css; charset=utf-8"),
    "swagger-ui-bundle.js": _SCRIPT,
    "swagger-ui-standalone-preset.js": _SCRIPT,
    "favicon-32x32.png": (b"content-type", b"image/png"),
}
_ASSET_CACHE: Header = (b"cache-control", b"public, max-age=86400")

# Every path counts from the page itself, so it works below whatever path a proxy puts in front.
_PAGE = b"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Holdfast API</title>
<link rel="stylesheet" href="swagger-ui.css">
<link rel="icon" type="image/png" href="favicon-32x32.png">
</head>
<body>
<div id="swagger-ui"></div>
<script src="swagger-ui-bundle.js"></script>
<script src="swagger-ui-standalone-preset.js"></script>
<script src="start.js"></script>
</body>
</html>
"""
_START = b"""window.ui = SwaggerUIBundle({
  url: "../openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
  layout: "StandaloneLayout",
});
"""


def health(facts: HealthFacts | None) -> Handler:
    """Make the handler of GET /health.

    Args:
        facts: Gives more to tell, such as whether Redis is away. It says nothing about `status`: a process
            that can answer is alive.
    """

    async def answer(_desk: Desk, _call: Call) -> Answer:
        told = {"status": "ok", "timestamp": datetime.now(UTC).isoformat()}
        if facts is not None:
            told |= {name: str(fact) for name, fact in (await facts()).items() if name not in told}
        return json_answer(200, told)

    return answer


def metrics(exposition: Callable[[], bytes] = generate_latest) -> Handler:
    """Make the handler of GET /metrics, in Prometheus' text format."""
    account = Account(exposition)

    async def answer(_desk: Desk, _call: Call) -> Answer:
        return Answer(200, await account.give(), content_type=_METRICS)

    return answer


def document(body: Callable[[], bytes]) -> Handler:
    """Make the handler of GET /openapi.json."""

    async def answer(_desk: Desk, _call: Call) -> Answer:
        return Answer(200, body())

    return answer


def welcome(public: PublicUrl) -> Handler:
    """Make the handler of GET /, which tells where to go from here."""
    links = {"documentation": "/swagger/index.html", "openapi": "/openapi.json", "health": "/health"}
    told = {"name": "Holdfast", **{name: public.link(path) for name, path in links.items()}}

    async def answer(_desk: Desk, _call: Call) -> Answer:
        return json_answer(200, told)

    return answer


def to_the_page(public: PublicUrl, relative: str) -> Handler:
    """Make the handler of GET /swagger and the like, which leads to the page.

    Args:
        public: Where callers find the service.
        relative: The page as seen from the handler's path.
    """
    location: Header = (b"location", public.link("/swagger/index.html", relative=relative).encode("ascii"))

    async def answer(_desk: Desk, _call: Call) -> Answer:
        return Answer(307, headers=(location,), content_type=None)

    return answer


def swagger(public: PublicUrl) -> Handler:
    """Make the handler of GET /swagger/{asset}: the page and the files it needs."""
    page_security = page_headers(public.origin)

    async def answer(_desk: Desk, call: Call) -> Answer:
        name = call.scope["path_params"]["asset"]
        if name == "index.html":
            return Answer(200, _PAGE, content_type=_HTML, security=page_security)
        if name == "start.js":
            return Answer(200, _START, content_type=_SCRIPT)
        content_type = _ASSETS.get(name)
        if content_type is None:
            raise PathNotFound
        return Answer(200, await asyncio.to_thread(_asset, name), (_ASSET_CACHE,), content_type)

    return answer


@functools.cache
def _asset(name: str) -> bytes:
    content: bytes = swagger_ui_path.joinpath(name).read_bytes()
    return content
