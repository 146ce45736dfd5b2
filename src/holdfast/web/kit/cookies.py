"""Reads and sets cookies."""

from collections.abc import Iterable
from http.cookies import CookieError, SimpleCookie

from holdfast.http.endpoints.answer import Header

_BYTES_MAX = 8 * 1024
YEAR_SECONDS = 365 * 24 * 60 * 60


class Cookies:
    """Names and attributes of our cookies.

    On HTTPS their names begin with `__Host-`: then no other host, of the same domain either, can set them.
    """

    def __init__(self, *, secure: bool) -> None:
        self._secure = secure

    def name(self, short: str) -> str:
        """Return the full name of a cookie."""
        return f"__Host-holdfast-{short}" if self._secure else f"holdfast-{short}"

    def read(self, headers: Iterable[tuple[bytes, bytes]], short: str) -> str | None:
        """Return the value of a cookie; None if it was not sent, or cannot be read."""
        sent = "; ".join(value.decode("latin-1") for name, value in headers if name == b"cookie")
        wanted = self.name(short)
        for pair in sent[:_BYTES_MAX].split(";"):
            name, equals, value = pair.strip().partition("=")
            if name == wanted and equals:
                return value.strip('"') or None
        return None

    def set(self, short: str, value: str, *, seconds: int | None = None) -> Header:
        """Return the header that sets a cookie that scripts cannot read.

        Args:
            short: Its short name.
            value: Its value; empty to remove it.
            seconds: How long the browser keeps it; None: until it is closed.

        Raises:
            ValueError: The value has characters that a cookie cannot have.
        """
        cookie: SimpleCookie = SimpleCookie()
        name = self.name(short)
        try:
            cookie[name] = value
        except CookieError as error:
            raise ValueError(str(error)) from None
        morsel = cookie[name]
        morsel["path"] = "/"
        morsel["httponly"] = True
        morsel["samesite"] = "Lax"
        if self._secure:
            morsel["secure"] = True
        if not value:
            morsel["max-age"] = 0
        elif seconds is not None:
            morsel["max-age"] = seconds
        return (b"set-cookie", morsel.OutputString().encode("latin-1"))
