"""Who may do what: one decision, used by the API, the pages and the tests. The table is in `rules`."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from uuid import UUID

from holdfast.application.identity.rules import RULES, SEEN_WITH, Grant, Kind, Rule
from holdfast.application.identity.verbs import Verb
from holdfast.domain.identity.principal import Principal, Proof
from holdfast.domain.identity.refusals import Forbidden, Unauthenticated
from holdfast.domain.identity.roles import Role
from holdfast.domain.refusal import NotFound


class Verdict(StrEnum):
    """The policy's decision."""

    ALLOWED = "allowed"
    UNAUTHENTICATED = "unauthenticated"
    """The caller has to authenticate (401)."""
    FORBIDDEN = "forbidden"
    """The caller may see the thing, but not do this to it (403)."""
    HIDDEN = "hidden"
    """The caller may not see the thing; respond as if it did not exist (404)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """What the policy needs to know about the thing that is acted on."""

    organiser_id: UUID | None = None
    """The organiser that it belongs to; None if it belongs to none."""
    user_id: str | None = None
    """The buyer whose reservation it is or will be."""
    draft: bool = False
    """It is an unpublished event, or part of one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """The things that a verb may be used on, for the WHERE of a statement."""

    everything: bool = False
    organiser_ids: frozenset[UUID] = frozenset()
    """Things that belong to one of these organisers, and"""
    user_id: str | None = None
    """things of this buyer."""


def decide(principal: Principal, verb: Verb, thing: Thing) -> Verdict:
    """Decide whether somebody may do something to an existing thing.

    What does not exist gets the same response as what is hidden. So the caller of this function looks the thing up
    first, except where `decide_unseen` says that it makes no difference.
    """
    rule = RULES[verb]
    if _granted(principal, rule, thing) and not _is_hidden_draft(principal, rule, thing):
        return Verdict.ALLOWED
    if _is_unknown(principal, rule):
        return Verdict.UNAUTHENTICATED
    seen_with = SEEN_WITH[rule.kind]
    hidden = seen_with is not None and not _granted(principal, RULES[seen_with], thing)
    return Verdict.HIDDEN if hidden or _is_hidden_draft(principal, rule, thing) else Verdict.FORBIDDEN


def decide_unseen(principal: Principal, verb: Verb) -> Verdict | None:
    """Decide what does not depend on the thing; return None if it has to be looked up.

    Lists and the creation of new things never depend on one: they are allowed if there may be anything to use the verb
    on.
    """
    # It is asked up to four times for a reservation, and all but a few kinds of callers get the same answer.
    roles = frozenset(principal.roles.values())
    return _decide_unseen(verb, principal.proof, principal.user_id is not None, principal.admin, roles)


@cache
def _decide_unseen(verb: Verb, proof: Proof, named: bool, admin: bool, roles: frozenset[Role]) -> Verdict | None:  # noqa: FBT001 - the cache's key
    """Decide for everybody who is alike: whatever their name, and in whichever organisers they have their roles."""
    one = Principal(
        subject=None,
        user_id="somebody" if named else None,
        proof=proof,
        roles={UUID(int=number): role for number, role in enumerate(roles)},
        admin=admin,
    )
    rule = RULES[verb]
    if _is_unknown(one, rule):
        return Verdict.UNAUTHENTICATED
    if rule.kind in (Kind.SERVICE, Kind.NOTHING):
        return Verdict.ALLOWED if _granted(one, rule, Thing()) else Verdict.FORBIDDEN
    sees_all = rule.kind is not Kind.EVENT or _reaches_everything(one, RULES[Verb.SEE_DRAFTS])
    return Verdict.ALLOWED if sees_all and _reaches_everything(one, rule) else None


def require(principal: Principal, verb: Verb, thing: Thing, *, hidden: Callable[[], NotFound]) -> None:
    """Return only if it is permitted.

    Args:
        principal: The caller.
        verb: The action.
        thing: What it is done to.
        hidden: Makes the refusal for a thing that does not exist.

    Raises:
        Unauthenticated, Forbidden: The policy refuses it.
        NotFound: The one of `hidden`.
    """
    verdict = decide(principal, verb, thing)
    if verdict is Verdict.HIDDEN:
        raise hidden()
    require_allowed(verdict)


def require_unseen(principal: Principal, verb: Verb) -> bool:
    """Return True if it is permitted for any thing; False if the thing has to be looked up (see `decide_unseen`).

    Raises:
        Unauthenticated, Forbidden: The policy refuses it.
    """
    verdict = decide_unseen(principal, verb)
    if verdict is None:
        return False
    require_allowed(verdict)
    return True


def require_allowed(verdict: Verdict) -> None:
    """Raise the refusal of a verdict, if it is one.

    Raises:
        Unauthenticated, Forbidden: The verdict says so.
    """
    if verdict is Verdict.UNAUTHENTICATED:
        raise Unauthenticated
    if verdict is not Verdict.ALLOWED:
        raise Forbidden


def reach_of(principal: Principal, verb: Verb) -> Reach:
    """Return the things that a verb may be used on."""
    rule = RULES[verb]
    everything = _reaches_everything(principal, rule)
    if principal.proof is Proof.OPEN:
        is_buyer = rule.as_buyer and rule.grant(Role.BUYER) is not Grant.NO
        return Reach(everything=everything, user_id=principal.user_id if is_buyer else None)
    own_roles = [role for role in Role if rule.grant(role) is not Grant.NO]
    is_buyer = principal.user_id is not None and rule.grant(Role.BUYER) is not Grant.NO
    return Reach(
        everything=everything,
        organiser_ids=principal.organisers_as(*own_roles),
        user_id=principal.user_id if is_buyer else None,
    )


def may_grant(principal: Principal, role: Role, organiser_id: UUID | None) -> bool:
    """Return whether somebody may grant a role: nobody can grant more than they have."""
    return principal.role_in(organiser_id).at_least(role)


def _granted(principal: Principal, rule: Rule, thing: Thing) -> bool:
    if principal.proof is Proof.OPEN:
        return _open_granted(principal, rule, thing)
    if _reaches_everything(principal, rule):
        return True
    if rule.kind is Kind.NOTHING and thing.organiser_id is None:
        return any(rule.grant(role) is not Grant.NO for role in _roles_anywhere(principal))
    role = None if thing.organiser_id is None else principal.roles.get(thing.organiser_id)
    return (role is not None and rule.grant(role) is not Grant.NO) or _is_own(principal, rule, thing)


def _is_own(principal: Principal, rule: Rule, thing: Thing) -> bool:
    own = rule.grant(Role.BUYER) is Grant.OWN and principal.user_id is not None
    return own and thing.user_id == principal.user_id


def _open_granted(principal: Principal, rule: Rule, thing: Thing) -> bool:
    if rule.as_buyer:
        grant = rule.grant(Role.BUYER)
        own = grant is Grant.YES or rule.kind is Kind.NOTHING or thing.user_id == principal.user_id
        return principal.user_id is not None and grant is not Grant.NO and own
    return rule.grant(Role.ORGANISER) is not Grant.NO and not rule.proved


def _reaches_everything(principal: Principal, rule: Rule) -> bool:
    """Return whether a verb may be used on everything."""
    if principal.proof is Proof.OPEN:
        return not rule.as_buyer and rule.grant(Role.ORGANISER) is not Grant.NO and not rule.proved
    return any(rule.grant(role) is Grant.YES for role in _roles_everywhere(principal))


def _roles_everywhere(principal: Principal) -> tuple[Role, ...]:
    """Return the roles that somebody has for every organiser."""
    if principal.admin:
        return Role.NOBODY, Role.BUYER, Role.ADMIN
    return (Role.NOBODY,) if principal.user_id is None else (Role.NOBODY, Role.BUYER)


def _roles_anywhere(principal: Principal) -> tuple[Role, ...]:
    """Return all roles that somebody has in any organiser."""
    return (*_roles_everywhere(principal), *principal.roles.values())


def _is_unknown(principal: Principal, rule: Rule) -> bool:
    """Return whether the caller has to authenticate first."""
    if rule.public:
        return False
    return principal.proof is Proof.NONE or (
        principal.proof is Proof.OPEN and rule.as_buyer and principal.user_id is None
    )


def _is_hidden_draft(principal: Principal, rule: Rule, thing: Thing) -> bool:
    """Return whether the thing is a draft that the caller may not see. In `open` mode buyers may not."""
    if not thing.draft or rule.kind is not Kind.EVENT:
        return False
    as_buyer = principal.proof is Proof.OPEN and rule.as_buyer
    return as_buyer or not _granted(principal, RULES[Verb.SEE_DRAFTS], thing)
