"""How many bytes a browser loads for a page, gzipped: the page, its style sheets, its scripts with all they import."""

import gzip
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import httpx

_IMPORT = re.compile(r"""(?:\bfrom|\bimport)\s*\(?\s*["'](\.[^"']+)["']""")


@dataclass(frozen=True)
class Weight:
    """Bytes by kind, gzipped."""

    html: int
    css: int
    js: int


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.styles: list[str] = []
        self.scripts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "link" and given.get("rel") == "stylesheet":
            self.styles.append(given["href"] or "")
        elif tag == "link" and given.get("rel") == "modulepreload":
            self.scripts.append(given["href"] or "")
        elif tag == "script" and given.get("src"):
            self.scripts.append(given["src"] or "")


async def weight_of(http: httpx.AsyncClient, address: str) -> Weight:
    """Load a page as a browser does."""
    page, sent = await _sent_bytes(http, address)
    assert page.status_code == 200, f"{address} answers {page.status_code}"
    links = _Links()
    links.feed(page.text)
    styles = [await _sent_bytes(http, urljoin(address, style)) for style in links.styles]
    scripts: dict[str, int] = {}
    waiting = [urljoin(address, script) for script in links.scripts]
    while waiting:
        script = waiting.pop()
        if script not in scripts:
            answer, scripts[script] = await _sent_bytes(http, script)
            waiting += _imports(script, answer.text)
    return Weight(sent, sum(size for _, size in styles), sum(scripts.values()))


async def _sent_bytes(http: httpx.AsyncClient, address: str) -> tuple[httpx.Response, int]:
    """Get an address; return the answer, and how many bytes its body had on the way."""
    async with http.stream("GET", address, headers={"Accept": "text/html,*/*", "Accept-Encoding": "gzip"}) as answer:
        raw = b"".join([piece async for piece in answer.aiter_raw()])
        zipped = answer.headers.get("content-encoding") == "gzip"
    body = gzip.decompress(raw) if zipped else raw
    return httpx.Response(answer.status_code, content=body, request=answer.request), len(raw)


def _imports(script: str, text: str) -> Iterator[str]:
    for relative in _IMPORT.findall(text):
        yield urlsplit(urljoin(script, relative)).path
