"""Static files. What is served is what is in the repository, without a build step; only scripts are joined."""

import gzip
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from holdfast.http.endpoints.answer import Answer, Header
from holdfast.http.endpoints.call import Call
from holdfast.http.endpoints.problems import PathNotFound
from holdfast.web.kit.scripts import joined

_TYPES: Mapping[str, bytes] = {
    ".css": b"text/css; charset=utf-8",
    ".js": b"text/javascript; charset=utf-8",
    ".json": b"application/json",
    ".svg": b"image/svg+xml",
    ".png": b"image/png",
    ".webmanifest": b"application/manifest+json",
}
_FOREVER: Header = (b"cache-control", b"public, max-age=31536000, immutable")
_PASSING: Header = (b"cache-control", b"no-cache")
_VARY: Header = (b"vary", b"Accept-Encoding")
_DIGEST_CHARACTERS = 12


@dataclass(frozen=True, slots=True)
class _File:
    content_type: Header
    plain: bytes
    zipped: bytes


class Assets:
    """All static files, read and compressed once at start.

    Their addresses contain one hash over all of them. So relative imports between modules work, a browser keeps them
    for ever, and after an upgrade it loads none that does not fit the others.
    """

    def __init__(self, root: Traversable) -> None:
        """Read all files below a folder whose types are known."""
        self._files: dict[str, _File] = {}
        digest = hashlib.sha256()
        found = sorted(_below(root, ""))
        scripts = joined({name: content.decode() for name, content in found if name.endswith(".js")})
        for name, content in found:
            ending = name[name.rfind(".") :]
            if ending in _TYPES:
                digest.update(name.encode() + b"\0" + content)
                sent = scripts[name].encode() if name in scripts else content
                zipped = gzip.compress(sent, compresslevel=9, mtime=0)
                self._files[name] = _File((b"content-type", _TYPES[ending]), sent, zipped)
        self.digest = digest.hexdigest()[:_DIGEST_CHARACTERS]

    def address(self, name: str) -> str:
        """Return the path of a file.

        Raises:
            KeyError: There is no such file.
        """
        if name not in self._files:
            raise KeyError(name)
        return f"/static/{self.digest}/{name}"

    def names(self) -> list[str]:
        """Return the names of all files."""
        return list(self._files)

    def answer(self, call: Call) -> Answer:
        """Answer a request for a file.

        Raises:
            PathNotFound: There is none at this address, or no longer.
        """
        found = self._files.get(call.path_text("file"))
        if found is None:
            raise PathNotFound
        # During a rolling upgrade, a page of one version may ask a node of another for its style sheet. It gets ours,
        # which is much better than none, and does not keep it.
        lasting = _FOREVER if call.path_text("digest") == self.digest else _PASSING
        headers: tuple[Header, ...] = (lasting, _VARY)
        body = found.plain
        if call.accepts_gzip():
            body = found.zipped
            headers += ((b"content-encoding", b"gzip"),)
        return Answer(200, body, headers, found.content_type)


@cache
def assets() -> Assets:
    """Return the pages' own files."""
    return Assets(files("holdfast.web") / "static")


def _below(folder: Traversable, prefix: str) -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield from _below(entry, f"{prefix}{entry.name}/")
        else:
            yield prefix + entry.name, entry.read_bytes()
