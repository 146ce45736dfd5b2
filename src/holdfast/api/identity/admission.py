"""Authenticates callers before the rest of a request is processed, and refuses what the policy can refuse by then."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from holdfast.application.identity.caller import Caller
from holdfast.application.identity.owner_directory import OwnerDirectory
from holdfast.application.identity.policy import require_unseen
from holdfast.application.identity.rules import RULES, Kind
from holdfast.application.identity.verbs import Verb
from holdfast.domain.identity.audit import Actor
from holdfast.domain.identity.principal import Principal, Proof
from holdfast.domain.refusal import InvalidValue
from holdfast.http.endpoints.call import Call

_OF_EVENTS = (Kind.EVENT, Kind.SALES_OF_EVENT)


class Prover(Protocol):
    """Authenticates the caller in one of the modes of `AUTH_MODE`."""

    async def principal(self, call: Call, verb: Verb) -> Principal:
        """Authenticate the caller; without a credential return `NOBODY` where the mode and the verb permit it.

        Raises:
            Unauthenticated, MissingUserId: A credential is missing, or there is one that is not valid.
            ConflictingCredentials: Two credentials name two callers.
            InvalidValue: X-User-ID is not a user id.
            Unavailable, ConnectionLost, Contended: It cannot be checked now.
        """
        ...


class Admission:
    """Admits calls, each by the verb of its operation."""

    def __init__(self, prover: Prover, owners: OwnerDirectory) -> None:
        self._prover = prover
        self._owners = owners

    def to(self, operation_name: str) -> Callable[[Call], Awaitable[None]] | None:
        """Return the function that admits calls to an operation; None if the operation needs no authentication.

        Raises:
            ValueError: The policy has no rule for an operation of this name.
        """
        verb = Verb(operation_name)
        if RULES[verb].kind is Kind.SERVICE:
            return None
        if verb is not Verb.LIST_CHANNEL_SEATS:
            return self._by(verb)
        otherwise, by_code = self._by(verb), self._by(Verb.NAME_ACCESS_CODE)

        async def admit(call: Call) -> None:
            await (by_code if call.headers.get(b"x-access-code") else otherwise)(call)

        return admit

    def _by(self, verb: Verb) -> Callable[[Call], Awaitable[None]]:
        rule = RULES[verb]

        async def admit(call: Call) -> None:
            principal = await self._prover.principal(call, verb)
            caller = call.caller = Caller(principal, self._owners)
            decided = require_unseen(principal, verb)
            if rule.kind is Kind.RESERVATION and _acts_for_others(principal):
                await caller.look_at_reservation(verb, call.path_id("id"))
            elif rule.kind in _OF_EVENTS and not decided and verb is not Verb.GET_SEAT and call.scope["path_params"]:
                await caller.look_at_event(verb, call.path_id(next(iter(call.scope["path_params"]))))

        return admit


def _acts_for_others(principal: Principal) -> bool:
    """Return whether the caller may act on reservations of other buyers; a plain buyer needs no look-up."""
    return principal.proof is not Proof.OPEN and (principal.admin or bool(principal.roles))


def caller_of(call: Call) -> Caller:
    """Return the admitted caller."""
    assert isinstance(call.caller, Caller)
    return call.caller


def principal_of(call: Call) -> Principal:
    """Return the admitted caller's principal."""
    return caller_of(call).principal


def actor_of(call: Call) -> Actor:
    """Return the caller as recorded in the audit."""
    return Actor(principal=principal_of(call), request_id=call.request_id)


def buyer_of(call: Call) -> str:
    """Return the buyer whose reservation is read or changed.

    Raises:
        InvalidValue: The key acts for buyers, and the request does not name one.
    """
    caller = caller_of(call)
    buyer = caller.acts_for or caller.principal.buyer_id
    if buyer is None:
        raise InvalidValue("X-User-ID", "must name the buyer for whom this key acts")
    return buyer
