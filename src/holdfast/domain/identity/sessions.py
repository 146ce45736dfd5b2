"""Sessions of the pages: who has signed in with a browser, and guests who have not."""

import base64
import hashlib
import secrets
from datetime import datetime
from typing import NewType

from holdfast.domain.value import value

SessionSecret = NewType("SessionSecret", str)
"""What a browser's cookie or a sign-in link carries: 256 random bits in base64url, 43 characters."""

SECRET_CHARACTERS = 43
SESSION_HOURS = 12
"""An organiser signs in once for a working day, if they do not leave their browser alone for long."""
LINK_MINUTES = 15
SIGN_IN_LINK_PATH = "/sign-in/link"
"""The page that a sign-in link leads to; the secret is its `key`."""
OPERATOR_PREFIX = "operator:"
"""Prefix of the user id of somebody who signs in with such a link; the rest is their name in the operating system."""
SESSIONS_PER_USER_MAX = 20
"""Browsers in which somebody is signed in at a time; beyond that, the oldest session ends."""

GUEST_MARK = "\N{MIDDLE DOT}"
"""The first character of every guest's user id. No header may carry it, so nobody can name a guest through the API."""


@value(frozen=True, slots=True, kw_only=True)
class Session:
    """Somebody who has signed in."""

    user_id: str
    admin: bool
    """Whether the issuer, or the sign-in link, says so; roles in organisers are looked up for each request."""
    created_at: datetime
    expires_at: datetime


def new_secret() -> SessionSecret:
    """Make a secret for a new session, link or guest."""
    return SessionSecret(secrets.token_urlsafe(32))


def read_secret(text: str) -> SessionSecret | None:
    """Return the secret in a cookie or a link; None if it cannot be one."""
    if len(text) != SECRET_CHARACTERS or not text.isascii():
        return None
    try:
        decoded = base64.b64decode(text + "=", altchars=b"-_", validate=True)
    except ValueError:
        return None
    # The last character has two bits to spare. Other spellings of the same bits would be other guests.
    return SessionSecret(text) if base64.urlsafe_b64encode(decoded).decode().rstrip("=") == text else None


def digest_of_secret(secret: SessionSecret) -> bytes:
    """Return what is stored in place of a secret: whoever reads the database cannot sign in with it."""
    return hashlib.sha256(secret.encode()).digest()


def guest_id(secret: SessionSecret) -> str:
    """Return a guest's user id. It is stored and shown to organisers, so it does not tell the secret."""
    return GUEST_MARK + base64.urlsafe_b64encode(hashlib.sha256(b"guest:" + secret.encode()).digest()[:18]).decode()
