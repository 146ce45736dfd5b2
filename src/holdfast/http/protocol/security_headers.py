"""What every answer tells browsers not to do with it, whatever it is.

An answer of the API is data: should one be opened as a page, nothing in it may run, load or be framed, and its address,
which may name a reservation, is told to nobody. One place, so that no kind of answer is without it.
"""

from typing import TypeAlias

SecurityHeaders: TypeAlias = tuple[tuple[bytes, bytes], ...]


def security_headers(content_policy: str) -> SecurityHeaders:
    """The headers of an answer with this Content-Security-Policy."""
    return (
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
        (b"content-security-policy", content_policy.encode("ascii")),
    )


SECURITY_HEADERS = security_headers("default-src 'none'; frame-ancestors 'none'")
"""Of every answer that is no page."""


def page_headers(api_origin: str) -> SecurityHeaders:
    """The headers of a page that needs nothing but its own files, and calls the API.

    Args:
        api_origin: Where the API is if not where the page is, such as `https://tickets.example`; empty: there.
    """
    reached = f"'self' {api_origin}".strip()
    # Swagger UI sets styles and icons inline.
    return security_headers(
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        f"connect-src {reached}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
