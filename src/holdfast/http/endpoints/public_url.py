"""Where callers find the service, which may be below a path that a proxy in front takes away again."""

from urllib.parse import urlsplit


class PublicUrl:
    """The address of the service's root as callers write it, such as `https://shop.example/tickets`."""

    def __init__(self, url: str = "") -> None:
        """Read it.

        Args:
            url: Without a slash at its end. Empty: unknown, so links are relative wherever that is possible.
        """
        parts = urlsplit(url)
        self._url = url
        self.path = parts.path
        """What stands before every path of ours; empty for the root of a host."""
        self.origin = f"{parts.scheme}://{parts.netloc}" if url else ""

    @property
    def server(self) -> str:
        """The root for the OpenAPI document; a relative one counts from the document's own address."""
        return self._url or "."

    def link(self, path: str, *, relative: str | None = None) -> str:
        """A link to a path of ours.

        Args:
            path: From the service's root, with a slash in front.
            relative: What to write instead where the root is unknown; default: the path.
        """
        if self._url:
            return self._url + path
        return path if relative is None else relative
