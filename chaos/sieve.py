"""The quick pass over a history: lets through every answer that plainly keeps all rules, and leaves the few others.

What it leaves is judged by the rules themselves (`decision_rules`, `read_rules`, `time_order`), so it finds nothing
wrong by itself; it may leave too much, and must never let a wrong answer through. `tests/chaos/test_sieve.py` holds its
verdicts against those of the rules alone.
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence

from chaos.history import FOREVER, NO_VERSION, Operation
from chaos.report import Assumptions
from chaos.seat_log import SeatLog

_ENDED_AS = {"hold_expired": "expired", "already_cancelled": "cancelled", "already_confirmed": "confirmed"}
"""What a refusal by this code says of its reservation."""
_WHERE_DONE = {"confirm": ("confirmed",), "cancel": ("cancelled", "expired")}
"""The status of a reservation at the version at which it was confirmed or cancelled."""
_UNVERSIONED = {"fail": "none", "ok": "settled"}
"""The answers, by outcome, that come without one."""


class EventSieve:
    """What was seen of one event so far.

    `first_seen[v]` is the time (ns) at which an answer first carried version v or a later one. `created` are the places
    of the answers that called a reservation new, `left` those of what is still to be judged. `since` tells for each
    seat (by its number) which version gave it its state, as far as the log was followed; `refuses_until[v]` from which
    call time (ns) on the state that v gave refuses nobody: a hold may be left to stand after it ran out.
    """

    __slots__ = ("created", "first_seen", "left", "log", "refuses_until", "since")

    def __init__(self, log: SeatLog, assumptions: Assumptions) -> None:
        self.log = log
        self.first_seen: list[int] = []
        self.created: list[int] = []
        self.left: list[int] = []
        self.since = [0] * (len(log.numbers) + 1)
        self.refuses_until = [FOREVER if state else -FOREVER for state in log.moved_to]
        if assumptions.wall_offset_ns is not None:
            for reservation, life in log.lives.items():
                if life.row is not None and (life.row.status == "pending" or reservation in log.late):
                    self.refuses_until[life.made] = assumptions.overdue_from_ns(life.row.expires_at_us)

    def former(self, number: int, version: int) -> int:
        """Tell which version gave a seat the state that it had at a version before its last change."""
        moves = self.log.moves[number]
        return moves[bisect_right(moves, version) - 1]

    def lets_ok_through(self, operation: Operation, place: int) -> bool:
        """Judge what took effect or read, apart from its place in time and reads of seats."""
        kind = operation.kind
        if kind == "reserve":
            return self._lets_reserved_through(operation, place)
        life = self.log.lives.get(operation.reservation)
        if life is None:
            return False
        if operation.answer == "settled":
            life.end_told |= (kind, life.status) in (("confirm", "confirmed"), ("cancel", "cancelled"))
            return True
        status = life.status if life.ended <= operation.version else "pending"
        if kind == "read_reservation":
            return life.made <= operation.version and operation.status == status
        if status == "pending" or kind not in _WHERE_DONE or status not in _WHERE_DONE[kind]:
            return False
        life.end_told = True
        return True

    def _lets_reserved_through(self, operation: Operation, place: int) -> bool:
        version, seats, answer = operation.version, operation.seats, operation.answer
        life = self.log.lives.get(operation.reservation)
        if answer == "created":
            self.created.append(place)
            if life is None or life.made_told or life.made != version or self.first_seen[version] < operation.called_ns:
                return False
            life.made_told = True
        else:
            if answer == "settled":
                return True
            if life is None or answer != "replayed" or life.made > version:
                return False
            if operation.status != (life.status if life.ended <= version else "pending"):
                return False
        row = life.row
        return (
            row is not None
            and row.key == operation.key
            and row.user == operation.user
            and (row.seats == seats or set(row.seats) == set(seats))
        )

    def lets_refusal_through(self, operation: Operation) -> bool:
        """Judge a refusal, apart from its place in time and refusals for seats that are taken."""
        answer = operation.answer
        if answer in _ENDED_AS:
            life = self.log.lives.get(operation.reservation)
            return life is not None and life.ended <= operation.version and life.status == _ENDED_AS[answer]
        if answer == "reservation_not_found":
            row = self.log.rows.get(operation.reservation)
            return row is None or row.user != operation.user
        return answer != "idempotency_key_reused"


class UnorderedError(Exception):
    """The operations are not in the order of their returns."""


def sift(  # noqa: C901, PLR0912, PLR0915 - a call for each operation would take longer than all the rest
    operations: Sequence[Operation], sieve_of: Callable[[str], EventSieve]
) -> dict[str, EventSieve]:
    """Pass over a settled history once.

    Args:
        operations: The history, in the order of returns.
        sieve_of: Makes the sieve of an event; called once for each event.

    Raises:
        UnorderedError: when it is not in that order, or an answer comes before its call.
    """
    sieves: dict[str, EventSieve] = {}
    latest = newest = NO_VERSION
    event = operations[0].event if operations else ""
    sieve = sieve_of(event)
    if operations:
        sieves[event] = sieve
    first_seen, since, leave, log = sieve.first_seen, sieve.since, sieve.left.append, sieve.log
    numbers, moved, moved_to, refuses_until = log.numbers, log.moved, log.moved_to, sieve.refuses_until
    last = log.last_version
    for place, operation in enumerate(operations):
        if operation.event != event:
            event = operation.event
            sieve = sieves[event] = sieves.get(event) or sieve_of(event)
            first_seen, since, leave, log = sieve.first_seen, sieve.since, sieve.left.append, sieve.log
            numbers, moved, moved_to, refuses_until = log.numbers, log.moved, log.moved_to, sieve.refuses_until
            newest, last = len(first_seen) - 1, log.last_version
        version, called = operation.version, operation.called_ns
        returned, outcome = operation.returned_ns, operation.outcome
        if returned < latest or returned < called:
            raise UnorderedError
        latest = returned
        if version > newest:
            if version > last:
                leave(place)
            else:
                while newest < version:
                    newest += 1
                    first_seen.append(returned)
                    for number in moved[newest]:
                        since[number] = newest
        elif version < 0:
            if operation.answer != _UNVERSIONED.get(outcome):
                leave(place)
        elif version < newest and first_seen[version + 1] < called:
            leave(place)
        if outcome == "ok":
            if operation.kind == "read_seat":
                number = numbers.get(operation.seats[0], 0)
                moved_at = since[number]
                state = moved_to[moved_at if moved_at <= version else sieve.former(number, version)]
                if state != operation.status:
                    leave(place)
            elif not sieve.lets_ok_through(operation, place):
                leave(place)
        elif outcome == "info":
            leave(place)
        elif operation.answer == "seats_unavailable":
            for seat in operation.named or ("",):
                number = numbers.get(seat, 0)
                moved_at = since[number]
                until = refuses_until[moved_at if moved_at <= version else sieve.former(number, version)]
                if until <= called or seat not in operation.seats:
                    leave(place)
        elif operation.answer != "none" and not sieve.lets_refusal_through(operation):
            leave(place)
    return sieves
