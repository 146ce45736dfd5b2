"""The pages and the document that describe the API, and the welcome at the root."""

import asyncio
import functools
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from swagger_ui_bundle import swagger_ui_path

from holdfast.api.representation import represent
from holdfast.domain.hall.schema import SCHEMA_PATH, hall_schema
from holdfast.http.endpoints.answer import Answer, Header, json_answer
from holdfast.http.endpoints.call import Call
from holdfast.http.endpoints.operation import Operation, Success
from holdfast.http.endpoints.problems import PathNotFound
from holdfast.http.endpoints.public_url import PublicUrl
from holdfast.http.protocol.security_headers import page_headers

_HTML: Header = (b"content-type", b"text/html; charset=utf-8")
_SCRIPT: Header = (b"content-type", b"text/javascript; charset=utf-8")
_ASSETS: Mapping[str, Header] = {
    "swagger-ui.css": (b"content-type", b"text/css; charset=utf-8"),
    "swagger-ui-bundle.js": _SCRIPT,
    "swagger-ui-standalone-preset.js": _SCRIPT,
    "favicon-32x32.png": (b"content-type", b"image/png"),
}
_ASSET_CACHE: Header = (b"cache-control", b"public, max-age=86400")

# Every path is relative to the page, so it works below any path that a proxy adds in front.
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


@dataclass(frozen=True, slots=True)
class Documentation:
    """What the documentation consists of."""

    document: bytes
    """The OpenAPI document."""
    public: PublicUrl
    """The service's address, as callers see it."""


async def welcome(shown: Documentation, _call: Call) -> Answer:
    """GET /: links to the documentation."""
    links = {"documentation": "/swagger/index.html", "openapi": "/openapi.json", "health": "/health"}
    return json_answer(200, {"name": "Holdfast", **{name: shown.public.link(path) for name, path in links.items()}})


async def openapi(shown: Documentation, _call: Call) -> Answer:
    """GET /openapi.json."""
    return Answer(200, shown.document)


async def schema_of_halls(_shown: Documentation, call: Call) -> Answer:
    """GET /schemas/holdfast-hall-1.json."""
    return await represent(call, _hall_schema(), tag=b'"hall-schema-1"', version=None)


@functools.cache
def _hall_schema() -> bytes:
    return msgspec.json.encode(hall_schema())


def to_the_page(relative: str) -> Callable[[Documentation, Call], Awaitable[Answer]]:
    """Build the handler of GET /swagger and the like, which redirects to the page.

    Args:
        relative: The page's address relative to the handler's path.
    """

    async def answer(shown: Documentation, _call: Call) -> Answer:
        location = shown.public.link("/swagger/index.html", relative=relative).encode("ascii")
        return Answer(307, headers=((b"location", location),), content_type=None)

    return answer


async def swagger(shown: Documentation, call: Call) -> Answer:
    """GET /swagger/{asset}: the page and the files it needs."""
    name = call.scope["path_params"]["asset"]
    if name == "index.html":
        return Answer(200, _PAGE, content_type=_HTML, security=page_headers(shown.public.origin))
    if name == "start.js":
        return Answer(200, _START, content_type=_SCRIPT)
    content_type = _ASSETS.get(name)
    if content_type is None:
        raise PathNotFound
    return Answer(200, await asyncio.to_thread(_asset, name), (_ASSET_CACHE,), content_type)


@functools.cache
def _asset(name: str) -> bytes:
    content: bytes = swagger_ui_path.joinpath(name).read_bytes()
    return content


OPERATIONS: tuple[Operation[Any], ...] = (
    Operation(
        method="GET",
        path="/openapi.json",
        name="openapi",
        tag="service",
        summary="This document",
        needs=Documentation,
        handler=openapi,
        uses_database=False,
        success=Success(status=200, description="OpenAPI 3.0.", body=dict[str, Any]),
    ),
    Operation(
        method="GET",
        path=SCHEMA_PATH,
        name="schema_of_halls",
        tag="service",
        summary="The JSON Schema of a hall's document",
        needs=Documentation,
        handler=schema_of_halls,
        uses_database=False,
        success=Success(status=200, description="JSON Schema 2020-12.", body=dict[str, Any], tagged=True),
    ),
    *(
        Operation(
            method="GET",
            path=path,
            name=name,
            tag="pages",
            summary=summary,
            needs=Documentation,
            handler=handler,
            uses_database=False,
            in_document=False,
            success=Success(status=status, description="", media_type=None),
        )
        for path, name, summary, handler, status in (
            ("/", "welcome", "Show where to find the documentation", welcome, 200),
            ("/swagger", "swagger_short", "Redirect to the page", to_the_page("swagger/index.html"), 307),
            ("/swagger/", "swagger_folder", "Redirect to the page", to_the_page("index.html"), 307),
            ("/swagger/{asset}", "swagger", "Serve the page and its files", swagger, 200),
        )
    ),
)
