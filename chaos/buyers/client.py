"""A client whose every operation is recorded as it saw it (`chaos.histories.history`)."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from random import Random
from typing import Any

import msgspec

from chaos.buyers.caller import Caller, NoAnswerError, NotSentError, Target
from chaos.histories.database_rows import microseconds
from chaos.histories.history import Kind, Recorder, claim_from
from chaos.histories.kept_back import channel_of_user, code_of
from chaos.histories.operation import ANY_SEAT
from holdfast.bench.clients.raw import Answer

BASE = "/api/v1"
_REFUSED_PAUSE_SECONDS = 0.05
SELLER = {"X-User-Roles": "admin"}
"""What a gateway says of the seller."""
_AS_SELLER = ("sell", "read_seat")
"""What the seller does. Buyers are not told by which reservation a seat is taken where callers are known."""


@dataclass(slots=True)
class Tally:
    """The combined observations of all clients of a run."""

    statuses: Counter[str] = field(default_factory=Counter)
    """Answers by HTTP status; `reset` if the connection broke, `refused` if none could be opened."""
    operations: int = 0
    acknowledged: int = 0
    """Writes (reserve, confirm, sell, cancel) that succeeded."""
    unknown: int = 0
    """Operations whose outcome is unknown to the client."""
    internal_errors: list[str] = field(default_factory=list)
    """Answers with 500, or with a 4xx that is not a problem document."""
    writes: list[tuple[int, int]] = field(default_factory=list)
    """(called, returned) in ns of every acknowledged write, on the monotonic clock."""
    answers: Counter[str] = field(default_factory=Counter)
    """How often each kind of operation got each answer: `reserve created`."""

    def failures(self) -> int:
        """How many requests got a 5xx answer or no answer."""
        return sum(number for status, number in self.statuses.items() if status in ("reset", "refused", "5xx"))

    def note(self, kind: str, status: str) -> None:
        """Count one answer."""
        self.statuses[status] += 1
        if status.startswith("5"):
            self.statuses["5xx"] += 1
        self.answers[f"{kind} {status}"] += 1


@dataclass(frozen=True, slots=True)
class Wish:
    """The arguments of a reserve."""

    event: str
    user: str
    key: str
    seats: tuple[str, ...]


@dataclass(slots=True)
class Seen:
    """The result of one operation: `outcome` as in a history, and `reservation` and `status` if there is one."""

    outcome: str
    answer: str
    reservation: str = ""
    status: str = ""
    expires_at_us: int = 0


class Client:
    """One buyer, who makes one operation at a time, each at one of the targets."""

    def __init__(
        self, targets: list[Target], recorder: Recorder, tally: Tally, numbers: "count[int]", random: Random
    ) -> None:
        self._callers = [Caller(target) for target in targets]
        self._recorder = recorder
        self._tally = tally
        self._numbers = numbers
        self._process = next(numbers)
        self._random = random

    def close(self) -> None:
        """Close all connections."""
        for caller in self._callers:
            caller.close()

    async def reserve(self, wish: Wish) -> Seen:
        """Hold seats: those that are named, or as many of the best as the wish has `ANY_SEAT`."""
        kind: Kind = "choose" if ANY_SEAT in wish.seats else "reserve"
        wanted: dict[str, object] = {"seat_ids": wish.seats}
        if kind == "choose":
            wanted = {"best_available": {"count": len(wish.seats)}}
        body: dict[str, object] = {"event_id": wish.event, **wanted, "idempotency_key": wish.key}
        if channel := channel_of_user(wish.user):
            body["access_code"] = code_of(channel)
        number, answer = await self._ask(
            kind, wish.event, "POST", "/reservations", body, seats=wish.seats, user=wish.user, key=wish.key
        )
        return self._reservation(number, kind, answer)

    async def resolve(self, verb: Kind, event: str, user: str, reservation: str) -> Seen:
        """Confirm or cancel; `sell` confirms as the seller, which nodes believe whose gateway this is."""
        path = f"/reservations/{reservation}/{'confirm' if verb == 'sell' else verb}"
        number, answer = await self._ask(verb, event, "POST", path, None, user=user, reservation=reservation)
        return self._reservation(number, verb, answer)

    async def extend(self, event: str, user: str, reservation: str, known: datetime) -> Seen:
        """Extend a hold whose end is known."""
        path, body = f"/reservations/{reservation}/extend", {"expires_at": known.isoformat()}
        number, answer = await self._ask("extend", event, "POST", path, body, user=user, reservation=reservation)
        return self._reservation(number, "extend", answer)

    async def change_seats(self, wish: Wish, reservation: str) -> Seen:
        """Give a hold the seats of a wish."""
        path, body = f"/reservations/{reservation}/seats", {"seat_ids": wish.seats}
        number, answer = await self._ask(
            "change_seats", wish.event, "PUT", path, body, seats=wish.seats, user=wish.user, reservation=reservation
        )
        return self._reservation(number, "change_seats", answer)

    async def release(self, event: str, user: str, reservation: str) -> Seen:
        """Release a buyer's hold, as the seller."""
        path = f"/events/{event}/reservations/{reservation}/release"
        number, answer = await self._ask("release", event, "POST", path, None, user=user, reservation=reservation)
        return self._reservation(number, "release", answer)

    async def read_reservation(self, event: str, user: str, reservation: str) -> Seen:
        """Read a reservation."""
        number, answer = await self._ask(
            "read_reservation", event, "GET", f"/reservations/{reservation}", None, user=user, reservation=reservation
        )
        return self._reservation(number, "read_reservation", answer)

    async def read_seat(self, event: str, seat: str) -> None:
        """Read a seat."""
        number, answer = await self._ask("read_seat", event, "GET", f"/seats/{seat}", None, seats=(seat,))
        found = self._read(number, answer)
        if found is not None and answer is not None:
            state = claim_from(found["status"], found.get("reserved_by"), blocked="blocked" in found)
            self._recorder.complete(number, "ok", "seen", version=answer.version, status=state)

    async def read_list(self, event: str) -> None:
        """Read all seats."""
        number, answer = await self._ask("read_list", event, "GET", f"/events/{event}/seats", None)
        found = self._read(number, answer)
        if found is not None and answer is not None:
            taken = {
                seat["id"]: claim_from(seat["status"], seat.get("reserved_by"), blocked="blocked" in seat)
                for seat in found
                if seat["status"] != "available"
            }
            self._recorder.complete(number, "ok", "seen", version=answer.version, taken=taken)

    async def read_count(self, event: str) -> None:
        """Read the number of free seats."""
        number, answer = await self._ask("read_count", event, "GET", f"/events/{event}/seats/available/count", None)
        found = self._read(number, answer)
        if found is not None and answer is not None:
            self._recorder.complete(number, "ok", "seen", version=answer.version, count=found["count"])

    async def _ask(
        self,
        kind: Kind,
        event: str,
        method: str,
        path: str,
        body: object,
        *,
        seats: tuple[str, ...] = (),
        user: str = "",
        key: str = "",
        reservation: str = "",
    ) -> tuple[int, Answer | None]:
        """Record a call and make it. None if there is no answer to judge; that has been recorded already."""
        caller = self._random.choice(self._callers)
        self._tally.operations += 1
        number = self._recorder.call(
            self._process, kind, event, seats=seats, user=user, key=key, reservation=reservation
        )
        called_ns = time.monotonic_ns()
        try:
            answer = await caller.call(
                method, BASE + path, body, user=user or "seller", headers=SELLER if kind in _AS_SELLER else None
            )
        except NotSentError:
            self._tally.note(kind, "refused")
            self._recorder.complete(number, "fail", "none")
            await asyncio.sleep(_REFUSED_PAUSE_SECONDS)
            return number, None
        except (NoAnswerError, asyncio.CancelledError) as broken:
            self._tally.note(kind, "reset")
            self._unknown(number, "no answer")
            if isinstance(broken, asyncio.CancelledError):
                raise
            return number, None
        self._tally.note(kind, str(answer.status))
        if answer.status in (200, 201) and method == "POST":
            self._tally.acknowledged += 1
            self._tally.writes.append((called_ns, time.monotonic_ns()))
        return number, self._judged(number, f"{method} {path}", answer)

    def _judged(self, number: int, request: str, answer: Answer) -> Answer | None:
        """Record everything but success. Returns the answer if it is a success or a refusal, else None."""
        if answer.status < 400:
            return answer
        problem = _problem(answer)
        if answer.status == 500 or problem is None:
            self._tally.internal_errors.append(f"{request}: {answer.status} {answer.body[:300]!r}")
            self._unknown(number, "internal error")
            return None
        if answer.status > 500:
            if problem.get("outcome") == "none":
                self._recorder.complete(number, "fail", "none")
            else:
                self._unknown(number, str(answer.status))
            return None
        return answer

    def _unknown(self, number: int, why: str) -> None:
        self._tally.unknown += 1
        self._recorder.complete(number, "info", why)
        self._process = next(self._numbers)

    def _reservation(self, number: int, kind: Kind, answer: Answer | None) -> Seen:
        if answer is None:
            return Seen("info", "")
        if answer.status >= 400:
            return self._refused(number, answer)
        found = answer.json()
        replayed = answer.headers.get("idempotent-replayed") == "true"
        said = ("replayed" if replayed else "created") if kind in ("reserve", "choose") else "done"
        status = "expired" if found.get("cancel_reason") == "expired" else found["status"]
        expires_at_us = microseconds(datetime.fromisoformat(found["expires_at"]))
        self._recorder.complete(
            number,
            "ok",
            "seen" if kind == "read_reservation" else said,
            version=answer.version,
            reservation=found["id"],
            status=status,
            expires_at_us=expires_at_us,
            named=tuple(found["seat_ids"]) if kind == "choose" else (),
        )
        return Seen("ok", said, found["id"], status, expires_at_us)

    def _refused(self, number: int, answer: Answer) -> Seen:
        problem = answer.json()
        named = problem.get("seat_ids") or ()
        self._tally.answers[problem["code"]] += 1
        left = problem.get("left", 0)
        self._recorder.complete(number, "fail", problem["code"], version=answer.version, named=tuple(named), count=left)
        return Seen("fail", problem["code"])

    def _read(self, number: int, answer: Answer | None) -> Any:  # noqa: ANN401 - what was read
        if answer is None:
            return None
        if answer.status >= 400:
            self._refused(number, answer)
            return None
        return answer.json()


def client_numbers() -> Iterator[int]:
    """Hands out client numbers for a history."""
    return count()


def _problem(answer: Answer) -> dict[str, Any] | None:
    if not answer.headers.get("content-type", "").startswith("application/problem+json"):
        return None
    try:
        problem = answer.json()
    except msgspec.DecodeError:
        return None
    return problem if isinstance(problem, dict) and "code" in problem else None
