"""The service's address as callers see it, which may include a path that a proxy removes."""

from urllib.parse import urlsplit


class PublicUrl:
    """The address of the service's root as callers write it, such as `https://shop.example/tickets`."""

    def __init__(self, url: str = "") -> None:
        """Parse the address.

        Args:
            url: The address, without a slash at its end. If it is empty, links are relative wherever possible.
        """
        parts = urlsplit(url)
        self._url = url
        self.path = parts.path
        """The path before all of ours; empty if the root is the root of a host."""
        self.origin = f"{parts.scheme}://{parts.netloc}" if url else ""

    @property
    def server(self) -> str:
        """Return the root for the OpenAPI document; a relative one counts from the document's own address."""
        return self._url or "."

    def link(self, path: str, *, relative: str | None = None) -> str:
        """Return a link to one of our paths.

        Args:
            path: The path from the service's root, beginning with a slash.
            relative: The link to use if the root is unknown; by default, the path.
        """
        if self._url:
            return self._url + path
        return path if relative is None else relative
