"""The headers of every answer that restrict what browsers may do with it.

An answer of the API is data. If it is opened as a page, nothing in it may run, load or be framed, and its address,
which may contain a reservation's id, is not sent to other sites. They are defined in one place, so that no answer lacks
them.
"""

from typing import TypeAlias

SecurityHeaders: TypeAlias = tuple[tuple[bytes, bytes], ...]


def security_headers(content_policy: str) -> SecurityHeaders:
    """Return the headers of an answer with this Content-Security-Policy."""
    return (
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
        (b"content-security-policy", content_policy.encode("ascii")),
    )


SECURITY_HEADERS = security_headers("default-src 'none'; frame-ancestors 'none'")
"""The headers of every answer that is not a page."""


def page_headers(api_origin: str) -> SecurityHeaders:
    """Return the headers of a page that needs only its own files, and calls the API.

    Args:
        api_origin: The API's origin, such as `https://tickets.example`; empty if it is the page's own.
    """
    reached = f"'self' {api_origin}".strip()
    # Swagger UI uses inline styles and icons.
    return security_headers(
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        f"connect-src {reached}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
