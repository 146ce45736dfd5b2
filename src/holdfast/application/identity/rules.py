"""The policy's table: for each verb, what each role may do with it. Other modules ask `policy`.

A new operation of the API is a verb and needs a row here; a test checks that.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from holdfast.application.identity.verbs import Verb
from holdfast.domain.identity.roles import Role


class Grant(StrEnum):
    """How far a role may use a verb."""

    YES = "yes"
    OWN = "own"
    """Only on what is their own: for a buyer, what is held under their user id; for a member, what belongs to the
    organiser.
    """
    NO = "no"


class Kind(StrEnum):
    """What a verb acts on. It determines who may see the thing at all; hidden things get 404."""

    SERVICE = "service"
    """The service itself; no authentication is needed."""
    NOTHING = "nothing"
    """No single thing: a list, or something new."""
    EVENT = "event"
    SALES_OF_EVENT = "sales of an event"
    """Its reservations and sales figures, which not everybody may see who sees the event."""
    RESERVATION = "reservation"
    ORGANISER = "organiser"
    MEMBER = "member"
    API_KEY = "API key"
    ACCOUNT = "account"


SEEN_WITH: Mapping[Kind, Verb | None] = {
    Kind.SERVICE: None,
    Kind.NOTHING: None,
    Kind.EVENT: None,
    Kind.SALES_OF_EVENT: Verb.LIST_EVENT_RESERVATIONS,
    Kind.RESERVATION: Verb.GET_RESERVATION,
    Kind.ORGANISER: Verb.GET_ORGANISER,
    Kind.MEMBER: Verb.LIST_MEMBERS,
    Kind.API_KEY: Verb.SEE_API_KEY,
    Kind.ACCOUNT: Verb.ADD_ACCOUNT,
}
"""The verb that permits seeing a thing of each kind; None: everybody may. Drafts of events have their own
(`Verb.SEE_DRAFTS`).
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One row of the table."""

    kind: Kind
    grants: Mapping[Role, Grant]
    as_buyer: bool
    """In `open` mode the caller does it as the buyer they name, not as an organiser."""
    proved: bool
    """Not available in `open` mode: it decides who has access, possibly beyond the time in that mode, and anybody could
    do it.
    """

    def grant(self, role: Role) -> Grant:
        """Return the grant of a role."""
        return self.grants[role]

    @property
    def public(self) -> bool:
        """Whether everybody may do it, authenticated or not."""
        return self.grants[Role.NOBODY] is Grant.YES


_YES, _OWN, _NO = Grant.YES, Grant.OWN, Grant.NO


def _rule(kind: Kind, *grants: Grant, as_buyer: bool = False, proved: bool = False) -> Rule:
    """Return a row with the grants of nobody, a buyer, the box office, an organiser and an admin."""
    return Rule(kind=kind, grants=dict(zip(Role, grants, strict=True)), as_buyer=as_buyer, proved=proved)


_everybody = _rule(Kind.SERVICE, _YES, _YES, _YES, _YES, _YES)
_sees_event = _rule(Kind.EVENT, _YES, _YES, _YES, _YES, _YES)
_changes_event = _rule(Kind.EVENT, _NO, _NO, _NO, _OWN, _YES)
_buys = _rule(Kind.RESERVATION, _NO, _OWN, _OWN, _OWN, _YES, as_buyer=True)
_runs_organiser = _rule(Kind.ORGANISER, _NO, _NO, _NO, _OWN, _YES)
_lets_in = _rule(Kind.ORGANISER, _NO, _NO, _NO, _OWN, _YES, proved=True)
_administers = _rule(Kind.NOTHING, _NO, _NO, _NO, _NO, _YES)

RULES: Mapping[Verb, Rule] = {
    Verb.HEALTH: _everybody,
    Verb.HEALTH_OF_API: _everybody,
    Verb.LIVE: _everybody,
    Verb.READY: _everybody,
    Verb.METRICS: _everybody,
    Verb.OPENAPI: _everybody,
    Verb.SCHEMA_OF_HALLS: _everybody,
    Verb.WELCOME: _everybody,
    Verb.SWAGGER_SHORT: _everybody,
    Verb.SWAGGER_FOLDER: _everybody,
    Verb.SWAGGER: _everybody,
    Verb.TICKET_KEYS: _everybody,
    Verb.LIST_EVENTS: _rule(Kind.NOTHING, _YES, _YES, _YES, _YES, _YES),
    Verb.GET_EVENT: _sees_event,
    Verb.CREATE_EVENT: _rule(Kind.NOTHING, _NO, _NO, _NO, _OWN, _YES),
    Verb.EDIT_EVENT: _changes_event,
    Verb.DELETE_EVENT: _changes_event,
    Verb.LIST_SEATS: _sees_event,
    Verb.COUNT_AVAILABLE_SEATS: _sees_event,
    Verb.GET_SEAT: _sees_event,
    Verb.GET_SEAT_MAP: _sees_event,
    Verb.GET_AVAILABILITY: _sees_event,
    Verb.STREAM_CHANGES: _sees_event,
    Verb.LIST_CHANNELS: _changes_event,
    Verb.PUT_CHANNEL: _changes_event,
    Verb.DELETE_CHANNEL: _changes_event,
    Verb.LIST_CHANNEL_SEATS: _changes_event,
    Verb.KEEP_BACK_SEATS: _changes_event,
    Verb.GIVE_BACK_SEATS: _changes_event,
    Verb.ADD_SEAT: _changes_event,
    Verb.ADD_SEATS: _changes_event,
    Verb.LIST_CATEGORIES: _sees_event,
    Verb.PUT_CATEGORIES: _changes_event,
    Verb.GET_HALL: _sees_event,
    Verb.GET_LAYOUT: _sees_event,
    Verb.PUT_HALL: _changes_event,
    Verb.ADD_SECTION: _changes_event,
    Verb.RESERVE: _rule(Kind.EVENT, _NO, _OWN, _OWN, _OWN, _YES, as_buyer=True),
    Verb.LIST_RESERVATIONS: _rule(Kind.NOTHING, _NO, _OWN, _OWN, _OWN, _YES, as_buyer=True),
    Verb.GET_RESERVATION: _buys,
    Verb.CONFIRM: _buys,
    Verb.CANCEL: _buys,
    Verb.EXTEND: _buys,
    Verb.CHANGE_SEATS: _buys,
    Verb.RELEASE: _rule(Kind.EVENT, _NO, _NO, _OWN, _OWN, _YES),
    Verb.LIST_EVENT_RESERVATIONS: _rule(Kind.SALES_OF_EVENT, _NO, _NO, _OWN, _OWN, _YES),
    Verb.GET_SALES: _rule(Kind.SALES_OF_EVENT, _NO, _NO, _NO, _OWN, _YES),
    Verb.CREATE_ORGANISER: _administers,
    Verb.LIST_ORGANISERS: _rule(Kind.NOTHING, _NO, _NO, _OWN, _OWN, _YES),
    Verb.GET_ORGANISER: _rule(Kind.ORGANISER, _NO, _NO, _OWN, _OWN, _YES),
    Verb.PUT_MEMBER: _lets_in,
    Verb.DELETE_MEMBER: _lets_in,
    Verb.LIST_MEMBERS: _runs_organiser,
    Verb.CREATE_API_KEY: _rule(Kind.NOTHING, _NO, _NO, _NO, _OWN, _YES, proved=True),
    Verb.LIST_API_KEYS: _rule(Kind.NOTHING, _NO, _NO, _NO, _OWN, _YES),
    Verb.REVOKE_API_KEY: _rule(Kind.API_KEY, _NO, _NO, _NO, _OWN, _YES, proved=True),
    Verb.GET_ME: _rule(Kind.NOTHING, _NO, _YES, _YES, _YES, _YES, as_buyer=True),
    Verb.READ_AUDIT: _rule(Kind.NOTHING, _NO, _NO, _NO, _OWN, _YES),
    Verb.ADD_ACCOUNT: _administers,
    Verb.RESET_PASSWORD: _administers,
    Verb.MAKE_SIGN_IN_LINK: _administers,
    Verb.ROTATE_TICKET_KEY: _administers,
    Verb.REVOKE_TICKET_KEY: _administers,
    Verb.SEE_DRAFTS: _rule(Kind.EVENT, _NO, _NO, _OWN, _OWN, _YES),
    Verb.SEE_HOLDERS: _rule(Kind.EVENT, _NO, _NO, _OWN, _OWN, _YES),
    Verb.SEE_API_KEY: _rule(Kind.API_KEY, _NO, _NO, _NO, _OWN, _YES),
    Verb.SELL: _rule(Kind.RESERVATION, _NO, _NO, _OWN, _OWN, _YES, as_buyer=True),
    Verb.EXCEED_PURCHASE_LIMIT: _rule(Kind.EVENT, _NO, _NO, _OWN, _OWN, _YES, as_buyer=True),
    Verb.USE_CHANNELS: _rule(Kind.EVENT, _NO, _NO, _OWN, _OWN, _YES, as_buyer=True),
    Verb.NAME_ACCESS_CODE: _sees_event,
    Verb.CHOOSE_CELL: _administers,
}
