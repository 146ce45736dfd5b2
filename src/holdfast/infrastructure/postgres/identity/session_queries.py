"""The statements of `sessions.sql` and their parameters."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

from holdfast.infrastructure.postgres.driver.queries import Query, bound, load_queries
from holdfast.infrastructure.postgres.identity.identity_queries import OfUser


class OfDigest(TypedDict):
    """One session or link."""

    digest: bytes


class OfDigests(TypedDict):
    """Some sessions, and how long sessions last."""

    digests: Sequence[bytes]
    hours: int
    idle_minutes: int


class NewSession(OfDigest):
    """A new session."""

    user_id: str
    admin: bool
    hours: int
    idle_minutes: int
    sessions_max: int


class NewLink(OfDigest):
    """A new sign-in link."""

    user_id: str
    admin: bool
    minutes: int


@dataclass(frozen=True)
class SessionQueries:
    """The statements about sessions."""

    insert_session: Query[NewSession]
    sessions: Query[OfDigests]
    prolong_sessions: Query[OfDigests]
    has_session: Query[OfUser]
    delete_session: Query[OfDigest]
    delete_sessions_of_user: Query[OfUser]
    insert_link: Query[NewLink]
    delete_links_of_user: Query[OfUser]
    take_link: Query[OfDigest]


SESSIONS = bound(SessionQueries, load_queries("identity/sessions"))
